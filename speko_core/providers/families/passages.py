"""Long texts in passages a vendor takes, cut where a speaker would pause. One voice speaks them one after another."""

import re
from typing import Final

# From the best place to cut to the worst: after a sentence, after a clause, between words. Where words are not
# separated by spaces, the full-width marks end sentences and clauses by themselves.
_CUTS: Final = (
    re.compile(r"[.!?…][\"'»”’)\]]*\s+|[。！？]+[」』”]?\s*|\n+"),
    re.compile(r"[,;:–—]\s+|[，、；：]\s*"),
    re.compile(r"\s+"),
)
# A cut earlier than this part of a passage would make the passages needlessly many.
_EARLIEST: Final = 0.3


def passages(text: str, longest: int) -> list[str]:
    """`text` in order, each passage at most `longest` characters and none without something to say.

    Nothing but the white space around cuts is lost. A text of marks alone stays one passage, for the vendor to judge.
    """
    text = text.strip()
    if len(text) <= longest:
        return [text]
    found: list[str] = []
    while text:
        cut = _cut(text, longest)
        passage, text = text[:cut].strip(), text[cut:].strip()
        found.append(passage)
    spoken = [passage for passage in found if any(map(str.isalnum, passage))]
    return spoken or found[:1]


def _cut(text: str, longest: int) -> int:
    if len(text) <= longest:
        return len(text)
    # One character more, so that white space right after a full passage counts as its end.
    window = text[: longest + 1]
    for pattern in _CUTS:
        places = [place for match in pattern.finditer(window) if (place := match.start() + len(match[0].rstrip())) > 0]
        fitting = [place for place in places if longest * _EARLIEST <= place <= longest]
        if fitting:
            return fitting[-1]
    return longest
