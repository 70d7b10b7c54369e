"""Data sets: what is read, and that what is wrong is named with its file and line."""

from pathlib import Path

import pytest

from speko_core.bench.data import read_data
from speko_core.bench.files import Wrong
from speko_core.bench.items import Recording
from speko_core.providers.base import Modality
from tests.bench.bench_kit import TASK, speech_folder, tone, write_lines


def wrong(modality: Modality, folder: Path) -> str:
    with pytest.raises(Wrong) as refused:
        read_data(modality, folder, "en")
    return refused.value.message.replace(f"{folder}", "DATA")


def test_a_recording_ends_where_its_speaker_stops(tmp_path: Path) -> None:
    """RTE-14: found from loudness, or as the manifest says, with a tail of a tenth of a second."""
    (tmp_path / "a.wav").write_bytes(tone(1.0, 2.0))
    (tmp_path / "manifest.tsv").write_text("audio\ttext\tspeech_end_s\na.wav\tHello\t0.5\na.wav\tHello\t\n")
    known, found = read_data(Modality.STT, tmp_path, "en").items
    assert isinstance(known, Recording)
    assert isinstance(found, Recording)
    assert (known.duration_s, found.duration_s) == (pytest.approx(0.6), pytest.approx(1.1, abs=0.02))


def test_pairs_tables_and_json_lines_of_the_same_content_are_the_same_data(tmp_path: Path) -> None:
    """RTE-14: the digest is of what was said, not of how it was listed; another text is another set."""
    pairs, table, lines = (tmp_path / name for name in ("pairs", "table", "lines"))
    for folder in (pairs, table, lines):
        folder.mkdir()
        speech_folder(folder, ["one", "two"])
    (table / "manifest.tsv").write_text("audio\ttext\n01.wav\ttwo\n00.wav\tone\n")
    write_lines(lines / "manifest.jsonl", [{"audio": "00.wav", "text": "one"}, {"audio": "01.wav", "text": "2"}])
    digests = [read_data(Modality.STT, folder, "en").digest for folder in (pairs, table, lines)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "DATA: there is nothing to measure with."),
        ({"a.wav": b""}, "DATA/a.wav: has no transcript: a.txt is missing, and there is no manifest."),
        ({"a.wav": b"RIFF", "a.txt": b"hi"}, "DATA/a.txt: a.wav: The body is not audio in a format we know."),
        ({"a.wav": tone(0.0, 1.0), "a.txt": b"hi"}, "DATA/a.txt: a.wav is silent."),
        ({"a.wav": tone(1.0), "a.txt": b" "}, "DATA/a.txt: is empty."),
        ({"a.wav": tone(1.0), "a.txt": b"?!"}, "DATA: the text of a.wav has no words in it."),
        ({"manifest.tsv": b"file\ttext\n"}, "DATA/manifest.tsv:1: the first line must be audio, text and, if known, "
         "speech_end_s, separated by tabs."),
        ({"manifest.tsv": b"audio\ttext\n\na.wav\n"}, "DATA/manifest.tsv:3: has 1 cells instead of 2."),
        ({"manifest.tsv": b"audio\ttext\n../a.wav\thi\n"},
         "DATA/manifest.tsv:2: there is no file '../a.wav' in the folder."),
        ({"manifest.tsv": b"audio\ttext\tspeech_end_s\na.wav\thi\tsoon\n"},
         "DATA/manifest.tsv:2: speech_end_s must be seconds, such as 2.35."),
        ({"manifest.jsonl": b'{"audio": "a.wav"}\n'}, "DATA/manifest.jsonl:1: needs audio and text."),
        ({"manifest.jsonl": b'\n{"audio": "a", "text": "b", "speaker": 1}\n'},
         "DATA/manifest.jsonl:2: has the unknown field 'speaker'; there are audio, text, speech_end_s."),
        ({"manifest.jsonl": b"[]\n"}, "DATA/manifest.jsonl:1: is not a JSON object."),
        ({"manifest.jsonl": b"\xff\n"}, "DATA/manifest.jsonl: is not UTF-8 text."),
    ],
)  # fmt: skip
def test_a_recording_that_cannot_be_used_is_named(tmp_path: Path, files: dict[str, bytes], problem: str) -> None:
    """RTE-14"""
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert wrong(Modality.STT, tmp_path) == problem


def test_texts_are_lines_without_comments(tmp_path: Path) -> None:
    """RTE-14"""
    (tmp_path / "texts.txt").write_text("# spoken by everybody\nHello.\n\nGood bye.\n")
    found = read_data(Modality.TTS, tmp_path, "en")
    assert [(item.name, getattr(item, "text", "")) for item in found.items] == [
        ("line 2", "Hello."),
        ("line 4", "Good bye."),
    ]
    (tmp_path / "texts.txt").unlink()
    assert wrong(Modality.TTS, tmp_path).startswith("DATA: a folder for speech synthesis has texts.txt")
    write_lines(tmp_path / "texts.jsonl", [{"text": "a"}, {"txt": "b"}])
    assert wrong(Modality.TTS, tmp_path) == 'DATA/texts.jsonl:2: needs a "text" that is not empty.'


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ({**TASK, "id": ""}, "id: must have at least 1 character"),
        ({**TASK, "user": None}, "needs user, or messages that end with one of the user"),
        ({**TASK, "expect": {}}, "expect is empty: say what the answer must be"),
        ({**TASK, "expect": {"tol": 1}}, "expect.tol: is not a known field"),
        ({**TASK, "expect": {"tool": "x"}}, "expects the tool 'x', which it does not offer"),
        (
            {**TASK, "expect": {"args": {"a": 1}}},
            "expect contradicts itself: args need a tool, and no_tool forbids one",
        ),
        ({**TASK, "expect": {"says": ["("]}}, "'(' is not a regular expression"),
        (TASK, "the id 'a' was used at DATA/tasks.jsonl:1"),
    ],
)
def test_a_task_that_cannot_be_scored_is_named(tmp_path: Path, task: object, problem: str) -> None:
    """RTE-14"""
    write_lines(tmp_path / "tasks.jsonl", [TASK, task])
    assert wrong(Modality.LLM, tmp_path) == f"DATA/tasks.jsonl:2: {problem}."


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("[[tasks]]\nid = \n", "DATA/tasks.toml:2: is not TOML."),
        ('[[tasks]]\nid = "a"\nuser = "Hi"\n[tasks.expect]\nno_tool = true\n\n[[tasks]]\nid = "b"\n',
         "DATA/tasks.toml:7: expect: is required."),
        ("[[task]]\n", "DATA/tasks.toml: must hold [[tasks]], and may hold [[tools]] that they share."),
    ],
)  # fmt: skip
def test_a_task_in_toml_is_named_by_its_line(tmp_path: Path, content: str, where: str) -> None:
    """RTE-14"""
    (tmp_path / "tasks.toml").write_text(content)
    assert wrong(Modality.LLM, tmp_path) == where
