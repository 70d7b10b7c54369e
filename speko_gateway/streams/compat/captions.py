"""Subtitles and segments out of timed words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from speko_core.providers.base import Word

# Two lines of television, and as long as one reads them.
MAX_CHARACTERS, MAX_SECONDS = 84, 7.0
PAUSE_S = 0.8
_SENTENCE_ENDS = (".", "!", "?", "。", "？", "！")


@dataclass(frozen=True)
class Cue:
    """Some words that belong together, and their place in seconds."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None


def cues(words: Sequence[Word], text: str, duration_s: float) -> list[Cue]:
    """The words cut at sentences, pauses, speakers and lengths; without words one cue for the whole recording."""
    if not words:
        return [Cue(0.0, duration_s, text)]
    groups: list[list[Word]] = []
    for word in words:
        if groups and _continues(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [Cue(group[0].start_s, group[-1].end_s, _text(group), group[0].speaker) for group in groups]


def _continues(group: Sequence[Word], word: Word) -> bool:
    last = group[-1]
    return (
        not last.text.endswith(_SENTENCE_ENDS)
        and word.start_s - last.end_s < PAUSE_S
        and word.speaker == last.speaker
        and word.end_s - group[0].start_s <= MAX_SECONDS
        and len(_text([*group, word])) <= MAX_CHARACTERS
    )


def _text(words: Iterable[Word]) -> str:
    return " ".join(word.text.strip() for word in words)


def srt(found: Sequence[Cue]) -> str:
    """SubRip: numbered, times with a comma."""
    blocks = (
        f"{number}\n{_time(cue.start_s, ',')} --> {_time(cue.end_s, ',')}\n{cue.text}\n"
        for number, cue in enumerate(found, 1)
    )
    return "\n".join(blocks)


def vtt(found: Sequence[Cue]) -> str:
    """WebVTT: times with a point."""
    blocks = (f"{_time(cue.start_s, '.')} --> {_time(cue.end_s, '.')}\n{cue.text}\n" for cue in found)
    return "WEBVTT\n\n" + "\n".join(blocks)


def _time(seconds: float, point: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"
