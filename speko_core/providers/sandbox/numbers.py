"""Numbers as people say them: "five five five one two" and "twenty three" as digits."""

_ONES = {
    "zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip


def find_numbers(words: tuple[str, ...]) -> list[int]:
    """Every number said, in order: "two hundred five" is 205, while "two three" is 2 and 3."""
    found: list[int] = []
    position = 0
    while position < len(words):
        value, used = read_number(words[position:])
        if used:
            found.append(value)
        position += used or 1
    return found


def read_number(words: tuple[str, ...]) -> tuple[int, int]:
    """The number at the start of `words` and how many words it took; (0, 0) when there is none."""
    value, used = _below_hundred(words)
    if not used:
        return 0, 0
    if used < len(words) and words[used] == "hundred" and value:
        rest, more = _below_hundred(words[used + 1 :])
        return value * 100 + rest, used + 1 + more
    return value, used


def _below_hundred(words: tuple[str, ...]) -> tuple[int, int]:
    if not words:
        return 0, 0
    first = words[0]
    if first.isascii() and first.isdigit() and len(first) <= 15:
        return int(first), 1
    if first in _ONES:
        return _ONES[first], 1
    if first in _TENS:
        if len(words) > 1 and 0 < _ONES.get(words[1], 0) < 10:
            return _TENS[first] + _ONES[words[1]], 2
        return _TENS[first], 1
    return 0, 0


def read_ordinal(words: tuple[str, ...]) -> int | None:
    """The day of the month at the start of `words`: "twenty first", "third", "3rd" or "3"."""
    if not words:
        return None
    if len(words) > 1 and words[0] in _TENS and words[1] in _ORDINALS:
        return _TENS[words[0]] + _ORDINALS[words[1]]
    if words[0] in _ORDINALS:
        return _ORDINALS[words[0]]
    digits = words[0].rstrip("stndrh")
    if digits.isascii() and digits.isdigit() and len(digits) <= 2:
        return int(digits)
    value, used = read_number(words)
    return value if used else None


def spoken_digits(words: tuple[str, ...]) -> str:
    """The longest run of digits said one by one or in groups, as in a phone number; "double five" is 55."""
    best = current = ""
    repeat = 1
    for word in words:
        if word in ("double", "triple"):
            repeat = 2 if word == "double" else 3
            continue
        digit = word if word.isascii() and word.isdigit() else str(_ONES[word]) if _ONES.get(word, 10) < 10 else ""
        current = current + digit * repeat if digit else ""
        best, repeat = max(best, current, key=len), 1
    return best
