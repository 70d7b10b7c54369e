"""English numbers in words, as the normalizer writes them."""

from typing import Final

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_IRREGULAR: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
# Longer runs, and those with a leading zero, are read digit by digit: they are codes and phone numbers.
LONGEST: Final = 6


def cardinal(digits: str) -> str:
    """Words of a run of digits: `45` is "forty five", `007` is "zero zero seven"."""
    if len(digits) > LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return " ".join(_ONES[int(digit)] for digit in digits)
    return _below_million(int(digits))


def ordinal(digits: str) -> str:
    """Words of an ordinal: `21` is "twenty first"."""
    *before, last = cardinal(digits).split()
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    else:
        last = last.removesuffix("y") + "ieth" if last.endswith("y") else last + "th"
    return " ".join((*before, last))


def _below_million(number: int) -> str:
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _below_thousand(rest)
    return f"{_below_thousand(thousands)} thousand" + (f" {_below_thousand(rest)}" if rest else "")


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    return f"{_ONES[hundreds]} hundred" + (f" {_below_hundred(rest)}" if rest else "")


def _below_hundred(number: int) -> str:
    if number < len(_ONES):
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f" {_ONES[ones]}" if ones else "")
