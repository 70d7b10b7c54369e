"""Reading a data set from a folder, as docs/benchmarks.md says. What is wrong is named with its file and line."""

from collections.abc import Callable, Mapping
from pathlib import Path

from speko_core.bench.files import Place, Wrong, json_lines, lines
from speko_core.bench.items import MAX_ITEMS, DataSet, Item, Phrase, data_set
from speko_core.bench.recordings import read_recordings
from speko_core.bench.tasks import read_tasks
from speko_core.bench.texts import characters
from speko_core.providers.base import Modality


def read_data(modality: Modality, folder: Path, language: str) -> DataSet:
    """The items of one modality.

    Raises:
        Wrong: something in it cannot be used, or it has nothing of this modality.
    """
    items = _READERS[modality](folder)
    if not items:
        raise Wrong(Place(folder), "there is nothing to measure with")
    if len(items) > MAX_ITEMS:
        raise Wrong(Place(folder), f"there are more than {MAX_ITEMS} items")
    _check_texts(folder, items, language)
    return data_set(folder.resolve().name, items)


def read_phrases(folder: Path) -> tuple[Item, ...]:
    """Texts to speak: `texts.txt`, one a line, or `texts.jsonl` with `{"text": …}`."""
    plain, listed = folder / "texts.txt", folder / "texts.jsonl"
    if plain.is_file():
        found = [(place, line.strip()) for place, line in lines(plain)]
        return tuple(Phrase(f"line {place.line}", line) for place, line in found if line and not line.startswith("#"))
    if not listed.is_file():
        raise Wrong(Place(folder), "a folder for speech synthesis has texts.txt, one text a line, or texts.jsonl")
    return tuple(_phrase(place, record) for place, record in json_lines(listed))


def _phrase(place: Place, record: Mapping[str, object]) -> Phrase:
    text = record.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Wrong(place, 'needs a "text" that is not empty')
    return Phrase(f"line {place.line}", text.strip())


def _check_texts(folder: Path, items: tuple[Item, ...], language: str) -> None:
    for item in items:
        text = getattr(item, "text", None)
        if isinstance(text, str) and not characters(text, language):
            raise Wrong(Place(folder), f"the text of {item.name} has no words in it")


_READERS: Mapping[Modality, Callable[[Path], tuple[Item, ...]]] = {
    Modality.STT: read_recordings,
    Modality.TTS: read_phrases,
    Modality.LLM: read_tasks,
}
