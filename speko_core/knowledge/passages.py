"""Cutting a document into passages: short enough to embed and to quote, never across a heading or a page."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

# About 250 tokens of English: what small embedding models read whole.
MAX_CHARS = 1_200
HEADING_SEPARATOR = " > "
_SENTENCE = re.compile(r"(?<=[.!?。！？;])\s+")


@dataclass(frozen=True)
class Block:
    """A paragraph, list, table or the like, with the headings it stands below and its page, counted from 1."""

    text: str
    headings: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True)
class Passage:
    """What is stored, embedded and cited."""

    body: str
    heading: str
    page: int | None = None


def cut(blocks: Iterable[Block]) -> Iterator[Passage]:
    """Pack neighbouring blocks of one section and page into passages, splitting the long ones where they read best."""
    for (headings, page), group in groupby(blocks, key=lambda block: (block.headings, block.page)):
        heading = HEADING_SEPARATOR.join(headings)
        pieces = (piece for block in group for piece in _pieces(block.text))
        yield from (Passage(body, heading, page) for body in _packed(pieces))


def one_line(text: str) -> str:
    """The text without line breaks and runs of blanks."""
    return " ".join(text.split())


def _packed(pieces: Iterable[str]) -> Iterator[str]:
    body = ""
    for piece in pieces:
        if body and len(body) + len(piece) + 2 > MAX_CHARS:
            yield body
            body = ""
        body = f"{body}\n\n{piece}" if body else piece
    if body:
        yield body


def _pieces(text: str) -> Iterator[str]:
    """The text in parts of at most `MAX_CHARS`: whole, else by lines, else by sentences, else by characters."""
    text = _tidied(text)
    if len(text) <= MAX_CHARS:
        yield from [text] if text else []
        return
    for part in _joined(text.split("\n"), "\n"):
        if len(part) <= MAX_CHARS:
            yield part
            continue
        for sentences in _joined(_SENTENCE.split(part), " "):
            yield from (sentences[at : at + MAX_CHARS] for at in range(0, len(sentences), MAX_CHARS))


def _joined(parts: Iterable[str], separator: str) -> Iterator[str]:
    """Neighbouring parts together, as many as fit."""
    run = ""
    for part in parts:
        if run and len(run) + len(part) + len(separator) > MAX_CHARS:
            yield run
            run = ""
        run = f"{run}{separator}{part}" if run else part
    if run.strip():
        yield run


def _tidied(text: str) -> str:
    # PostgreSQL cannot store U+0000, and lone surrogates cannot be encoded.
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
