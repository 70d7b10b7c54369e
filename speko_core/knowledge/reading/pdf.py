"""PDF: its text page by page, below the entries of its outline."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import Destination

from speko_core.knowledge.passages import Block
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.knowledge.reading.headings import Trail

MAX_PAGES = 5_000
# Fewer characters than this on all pages together: pictures of text, or nothing.
LEAST_CHARS = 20


def read(path: Path) -> Iterator[Block]:
    """One block a page.

    Raises:
        Unreadable: broken, encrypted, too long, or without text.
    """
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("The PDF is protected with a password. Send it without one.")
        if len(reader.pages) > MAX_PAGES:
            raise Unreadable(f"The PDF has more than {MAX_PAGES} pages.")
        found = list(_pages(reader))
    except (PyPdfError, KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, AssertionError):
        # The parser answers damaged files with any of these.
        raise Unreadable("The PDF is broken.") from None
    if sum(len(block.text.strip()) for block in found) < LEAST_CHARS:
        raise Unreadable("The PDF holds no text, only pictures perhaps. Run text recognition over it first.")
    return iter(found)


def _pages(reader: PdfReader) -> Iterator[Block]:
    outline, trail = _outline(reader), Trail()
    for number, page in enumerate(reader.pages):
        for level, title in outline.get(number, ()):
            trail.enter(level, title)
        yield Block(page.extract_text(), trail.headings, number + 1)


def _outline(reader: PdfReader) -> Mapping[int, list[tuple[int, str]]]:
    """The outline's entries, as level and title, by page; nothing where it is damaged: the text matters more."""
    try:
        entries = list(_entries(reader.outline, 1))
        found: dict[int, list[tuple[int, str]]] = {}
        for level, entry in entries:
            number = reader.get_destination_page_number(entry)
            if number is not None and entry.title:
                found.setdefault(number, []).append((level, str(entry.title)))
    except (PyPdfError, KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return found


def _entries(outline: object, level: int) -> Iterator[tuple[int, Destination]]:
    for entry in outline if isinstance(outline, list) else ():
        if isinstance(entry, list):
            yield from _entries(entry, level + 1)
        elif isinstance(entry, Destination):
            yield level, entry
