"""Cut a text into the pieces that are synthesized one after the other."""

import re

MAX_SENTENCE_CHARS = 400

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+")
_SOFT_BREAK = re.compile(r"(?<=[,;:])\s+")


def split_sentences(text: str) -> list[str]:
    """Sentences in order, none empty, none longer than `MAX_SENTENCE_CHARS`; an abbreviation only costs a pause."""
    pieces: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        pieces.extend(_shorten(" ".join(sentence.split())))
    return [piece for piece in pieces if any(letter.isalnum() for letter in piece)]


def _shorten(sentence: str) -> list[str]:
    """Split a sentence that is too long at commas, else between words, else anywhere."""
    if len(sentence) <= MAX_SENTENCE_CHARS:
        return [sentence]
    head = sentence[:MAX_SENTENCE_CHARS]
    breaks = [match.end() for match in _SOFT_BREAK.finditer(head)]
    cut = breaks[-1] if breaks else head.rfind(" ") + 1 or MAX_SENTENCE_CHARS
    return [sentence[:cut].strip(), *_shorten(sentence[cut:])]
