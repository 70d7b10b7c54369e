"""Recordings with their texts: a manifest (`manifest.tsv`, `manifest.jsonl`), or `NAME.txt` beside each audio file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from speko_core.audio import decode
from speko_core.bench.files import Place, Wrong, content, json_lines, lines, text
from speko_core.bench.items import Item, Recording
from speko_core.bench.speech_end import until_speech_ends
from speko_core.errors import InvalidInput

AUDIO: Final = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".oga", ".webm"})
MAX_RECORDING_S: Final = 300.0
_COLUMNS: Final = ("audio", "text", "speech_end_s")


@dataclass(frozen=True)
class _Entry:
    place: Place
    audio: str
    text: str
    speech_end_s: float | None = None


def read_recordings(folder: Path) -> tuple[Item, ...]:
    """Every recording, cut where its speaker stops.

    Raises:
        Wrong: a file is missing, cannot be decoded, or has no text.
    """
    return tuple(_recording(folder, entry) for entry in _entries(folder))


def _entries(folder: Path) -> Iterator[_Entry]:
    table, listed = folder / "manifest.tsv", folder / "manifest.jsonl"
    if table.is_file():
        return _from_table(table)
    if listed.is_file():
        return (_entry(place, record) for place, record in json_lines(listed))
    return _from_pairs(folder)


def _from_table(path: Path) -> Iterator[_Entry]:
    rows = ((place, line.split("\t")) for place, line in lines(path) if line.strip())
    place, header = next(rows, (Place(path, 1), []))
    if header not in (list(_COLUMNS[:2]), list(_COLUMNS)):
        raise Wrong(place, "the first line must be audio, text and, if known, speech_end_s, separated by tabs")
    for place, cells in rows:
        if len(cells) != len(header):
            raise Wrong(place, f"has {len(cells)} cells instead of {len(header)}")
        yield _entry(place, {name: cell for name, cell in zip(header, cells, strict=True) if cell})


def _from_pairs(folder: Path) -> Iterator[_Entry]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() in AUDIO:
            said = path.with_suffix(".txt")
            if not said.is_file():
                raise Wrong(Place(path), f"has no transcript: {said.name} is missing, and there is no manifest")
            yield _Entry(Place(said), path.name, text(said).strip())


def _entry(place: Place, record: Mapping[str, object]) -> _Entry:
    unknown = sorted(record.keys() - set(_COLUMNS))
    if unknown:
        raise Wrong(place, f"has the unknown field {unknown[0]!r}; there are {', '.join(_COLUMNS)}")
    audio, said = record.get("audio"), record.get("text")
    if not isinstance(audio, str) or not isinstance(said, str) or not said.strip():
        raise Wrong(place, "needs audio and text")
    return _Entry(place, audio, said.strip(), _seconds(place, record.get("speech_end_s")))


def _seconds(place: Place, value: object) -> float | None:
    if value is None:
        return None
    try:
        seconds = float(value) if isinstance(value, str | int | float) else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= MAX_RECORDING_S:
        raise Wrong(place, "speech_end_s must be seconds, such as 2.35")
    return seconds


def _recording(folder: Path, entry: _Entry) -> Recording:
    path = folder / entry.audio
    if not entry.text:
        raise Wrong(entry.place, "is empty")
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise Wrong(entry.place, f"there is no file {entry.audio!r} in the folder")
    try:
        sound = decode(content(path), "", max_seconds=MAX_RECORDING_S)
    except InvalidInput as error:
        raise Wrong(entry.place, f"{entry.audio}: {error.message.rstrip('.')}") from None
    pcm = until_speech_ends(sound.pcm16, sound.sample_rate, entry.speech_end_s)
    if not pcm:
        raise Wrong(entry.place, f"{entry.audio} is silent")
    return Recording(entry.audio, pcm, sound.sample_rate, entry.text)
