"""Build the recognition grammar of one request and the spoken words of a keyword."""

import re
import unicodedata
from collections.abc import Sequence

from speko_core.providers.local.phrases import RULES, TOPICS

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|[0-9]+")
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of a text as they are said: lower case, without accents and punctuation, numbers spelled out."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words: list[str] = []
    for token in _WORD.findall(plain):
        words.extend(_number_words(token) if token[0].isdigit() else (token,))
    return tuple(words)


def _number_words(digits: str) -> tuple[str, ...]:
    """Up to 99 as a number, longer ones digit by digit, as people read out codes."""
    value = int(digits) if len(digits) <= 2 and (len(digits) == 1 or digits[0] != "0") else -1
    if 0 <= value < 20:
        return (_ONES[value],)
    if value >= 20:
        ones = (_ONES[value % 10],) if value % 10 else ()
        return (_TENS[value // 10 - 2], *ones)
    return tuple(_ONES[int(digit)] for digit in digits)


def build_grammar(keywords: Sequence[Sequence[str]]) -> str:
    """JSGF that hears one built-in phrase, or one keyword (a list of words), alone or after a short lead-in."""
    choices = [f"<{topic}>" for topic in TOPICS]
    keyword_rule = ""
    if keywords:
        keyword_rule = "<keyword> = " + " | ".join(" ".join(words) for words in keywords) + ";\n"
        choices.append("[my name is | this is | i want | i would like | i am calling about | it is] <keyword>")
    return f"#JSGF V1.0;\ngrammar phrases;\n{RULES}{keyword_rule}public <utterance> = {' | '.join(choices)};\n"
