"""Plain text: whatever encoding it is in, paragraph by paragraph."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from speko_core.knowledge.passages import Block
from speko_core.knowledge.reading.failure import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")


def read(path: Path) -> Iterator[Block]:
    """Paragraphs, which blank lines separate."""
    return (Block(paragraph) for paragraph in _PARAGRAPHS.split(decoded(path.read_bytes())))


def decoded(raw: bytes) -> str:
    """UTF-8, or what a byte order mark says, or Windows-1252, which older Western files are in.

    Raises:
        Unreadable: it is not text.
    """
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    if encoding is None and b"\x00" in raw:
        raise Unreadable("The document is not text. Send its real content type, or another file.")
    try:
        return raw.decode(encoding or "utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace").replace("\r\n", "\n").replace("\r", "\n")
