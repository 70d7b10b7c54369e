"""Reading documents: what of them becomes passages, and how those end that cannot be read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from speko_core.knowledge.passages import MAX_CHARS, Block, Passage, cut
from speko_core.knowledge.reading import process
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.knowledge.reading.kinds import Kind, kind_of
from speko_core.knowledge.reading.process import ReadingLimits
from tests.knowledge import papers

LIMITS = ReadingLimits()


async def read(folder: Path, content: bytes, kind: Kind, limits: ReadingLimits = LIMITS) -> list[Passage]:
    path = folder / "document"
    path.write_bytes(content)
    return await process.read(path, kind, limits)


async def test_markdown_keeps_its_headings_tables_and_code(tmp_path: Path) -> None:
    """AGT-6"""
    returns, refunds = await read(tmp_path, papers.MARKDOWN, "markdown")
    assert (returns.heading, returns.body) == ("Returns", "Send the goods back within 30 days.")
    assert refunds.heading == "Returns > Refunds"
    assert "| piano | 40 EUR |" in refunds.body
    assert "# not a heading\npay()" in refunds.body


async def test_html_is_its_main_text_below_its_headings(tmp_path: Path) -> None:
    """AGT-6"""
    returns, refunds = await read(tmp_path, papers.HTML, "html")
    assert (returns.heading, returns.body) == ("Returns", "Send the goods back\nwithin 30 days.")
    assert (refunds.heading, refunds.body) == ("Returns > Refunds", "By card\n\nBy bank\n\npiano | 40 EUR")


async def test_a_word_document_keeps_its_headings(tmp_path: Path) -> None:
    """AGT-6"""
    returns, refunds = await read(tmp_path, papers.docx(), "docx")
    assert (returns.heading, returns.body) == ("Returns", "Within 30 days.")
    assert (refunds.heading, refunds.body) == ("Returns > Refunds", "Within five working days.")


async def test_a_pdf_keeps_its_pages_and_outline(tmp_path: Path) -> None:
    """AGT-6"""
    first, second = await read(tmp_path, papers.pdf("Send goods back in 30 days.", "Refunds take five days."), "pdf")
    assert (first.page, first.heading, first.body) == (1, "Chapter 1", "Send goods back in 30 days.")
    assert (second.page, second.heading, second.body) == (2, "Chapter 2", "Refunds take five days.")


async def test_a_row_of_a_table_carries_the_names_of_its_columns(tmp_path: Path) -> None:
    """AGT-6"""
    (rows,) = await read(tmp_path, papers.CSV, "csv")
    assert rows.body == "name: Piano; grand\nprice: 40\n\nname: Flute\nprice: 5\nspare"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_text_is_read_in_the_encoding_it_is_in(encoding: str, tmp_path: Path) -> None:
    """AGT-6"""
    (passage,) = await read(tmp_path, "Rückgabe\r\n\r\nbinnen 30 Tagen".encode(encoding), "text")
    assert passage.body == "Rückgabe\n\nbinnen 30 Tagen"


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: b"", "text", "holds no text"),
        (lambda: b"\x89PNG\x00\x00\x01", "text", "not text"),
        (lambda: b"%PDF-1.7\ngarbage", "pdf", "broken"),
        (lambda: papers.pdf("x")[:300], "pdf", "broken|no text"),
        (lambda: papers.encrypted_pdf(), "pdf", "password"),
        (lambda: papers.pdf("", outline=False), "pdf", "no text"),
        (lambda: b"PK\x03\x04garbage", "docx", "broken"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "docx", "encrypted"),
        (lambda: papers.docx("<w:p><w:r>"), "docx", "broken"),
        (lambda: papers.docx_bomb(), "docx", "unpacks to more"),
        (lambda: (b"w" * 1_200 + b"\n\n") * 10_001, "text", "passages"),
        (lambda: b"a" * 300_000 + b"\n" + b'"' * 300_000, "csv", "broken"),
    ],
    ids=[
        "empty", "binary", "not-a-pdf", "cut-off-pdf", "encrypted-pdf", "pdf-without-text", "not-a-zip",
        "encrypted-docx", "broken-xml", "zip-bomb", "endless", "huge-cell",
    ],
)  # fmt: skip
async def test_what_cannot_be_read_says_why(make: Callable[[], bytes], kind: Kind, says: str, tmp_path: Path) -> None:
    """AGT-6: broken, encrypted, or a bomb."""
    with pytest.raises(Unreadable, match=says):
        await read(tmp_path, make(), kind)


async def test_a_document_gets_no_more_memory_or_time_than_one_may_take(tmp_path: Path) -> None:
    """AGT-6: the process that reads ends, the one that asked goes on."""
    content = papers.docx("<w:p/>" * 150_000)
    for limits in (ReadingLimits(memory_mb=128), ReadingLimits(cpu_s=1), ReadingLimits(wall_s=0.5)):
        with pytest.raises(Unreadable):
            await read(tmp_path, content, "docx", limits)
    assert len(await read(tmp_path, papers.MARKDOWN, "markdown")) == 2


async def test_the_process_that_reads_knows_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ORG-8: a parser that is taken over finds no secret, and an import path of ours leads it nowhere."""
    (tmp_path / "markdown_it.py").write_text("raise SystemExit(7)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert await read(tmp_path, papers.MARKDOWN, "markdown")


def test_passages_are_short_and_lose_nothing() -> None:
    """AGT-6"""
    sentences = " ".join(f"Sentence number {number} is here." for number in range(400))
    blocks = [Block(sentences, ("A",)), Block("x" * 3000, ("A",)), Block("short", ("A",)), Block("other", ("B",), 2)]
    passages = list(cut(blocks))
    assert max(len(passage.body) for passage in passages) <= MAX_CHARS
    kept = "".join(passage.body for passage in passages).replace("\n", "").replace(" ", "")
    assert kept == "".join(block.text for block in blocks).replace(" ", "")
    assert passages[-1] == Passage("other", "B", 2)
    assert passages[0].body.endswith(".")


def test_what_cannot_be_stored_is_left_out() -> None:
    """PostgreSQL knows no U+0000, and no encoding knows half a surrogate pair."""
    assert list(cut([Block("a\x00b\ud800c  \n d"), Block(" \n\t")])) == [Passage("ab?c\n d", "")]


@pytest.mark.parametrize(
    ("content_type", "filename", "kind"),
    [
        ("text/plain", "a.txt", "text"),
        ("text/plain; charset=utf-8", "a", "text"),
        ("text/plain", "readme.md", "markdown"),
        ("text/x-markdown", "a", "markdown"),
        ("application/x-markdown", "a.bin", "markdown"),
        ("application/octet-stream", "a.PDF", "pdf"),
        (papers.WORD, "a", "docx"),
        ("application/octet-stream", "a.exe", None),
        ("image/png", "a.pdf", None),
    ],
)
def test_how_a_document_is_read_follows_its_type_or_its_name(
    content_type: str, filename: str, kind: Kind | None
) -> None:
    """AGT-6: the content types of the hosted ingest, and what clients send when they do not know."""
    assert kind_of(content_type, filename) == kind
