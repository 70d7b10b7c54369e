"""The text normalizer behind every error rate. Its name is its version: another behaviour gets another name.

Spelling variants (colour, color) stay apart, and only English has numbers and contractions spelled out.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from speko_core.bench.number_words import cardinal, ordinal

NORMALIZER: Final = "speko-text-1"
# Written without spaces between words, so that only characters can be counted.
_UNSPACED: Final = frozenset({"zh", "ja", "th", "lo", "km", "my"})

_NOTES = re.compile(r"\[[^\]]*\]|<[^>]*>")
_FILLERS = frozenset({"uh", "um", "er", "erm", "hm", "hmm", "mm"})
_WHOLE = {"won't": "will not", "can't": "can not", "cannot": "can not", "let's": "let us", "gonna": "going to"}
_ENDINGS = (("n't", " not"), ("'m", " am"), ("'re", " are"), ("'ll", " will"), ("'ve", " have"))
_SPOKEN: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
    (re.compile(r"\$\s?(\d+(?:\.\d+)?)"), r"\1 dollars"),
    (re.compile(r"%"), " percent"),
    (re.compile(r"&"), " and "),
    (re.compile(r"\b(\d+)(?:st|nd|rd|th)\b"), lambda found: f" {ordinal(found[1])} "),
    (re.compile(r"(?<=\d)\.(?=\d)"), " point "),
    (re.compile(r"\d+"), lambda found: f" {cardinal(found[0])} "),
)


def counts_characters(language: str) -> bool:
    """True for languages in which an error rate of words means nothing."""
    return language.partition("-")[0] in _UNSPACED


def normalized(text: str, language: str) -> str:
    """Lower case, no punctuation, single spaces; `[notes]` and `<notes>` left out; English numbers as words."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2018", "'").lower()
    plain = _NOTES.sub(" ", plain)
    if language.partition("-")[0] == "en":
        plain = _english(plain)
    return " ".join("".join(map(_kept, plain.replace("'", ""))).split())


def words(text: str, language: str) -> list[str]:
    """The words that are compared."""
    return normalized(text, language).split()


def characters(text: str, language: str) -> list[str]:
    """The characters that are compared; spaces do not count."""
    return list(normalized(text, language).replace(" ", ""))


def _kept(character: str) -> str:
    return character if unicodedata.category(character)[0] in "LMN" else " "


def _english(text: str) -> str:
    for pattern, spoken in _SPOKEN:
        text = pattern.sub(spoken, text)
    said = (token for token in re.split(r"[^\w']+", text) if token)
    return " ".join(_expanded(token) for token in said if token not in _FILLERS)


def _expanded(token: str) -> str:
    if token in _WHOLE:
        return _WHOLE[token]
    for ending, meaning in _ENDINGS:
        if token.endswith(ending):
            return token.removesuffix(ending) + meaning
    return token
