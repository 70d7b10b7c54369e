"""Word documents, by way of HTML, which keeps their headings, lists and tables."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError

import mammoth

from speko_core.knowledge.passages import Block
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.knowledge.reading.html import blocks

# What the archive may unpack to: a hundred times less than a bomb does, ten times more than a long book.
MAX_UNPACKED_BYTES = 200 * 1_048_576
# Encrypted Office files are not archives but compound files, which begin like this.
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")


def read(path: Path) -> Iterator[Block]:
    """Blocks of the document, without its pictures.

    Raises:
        Unreadable: broken, encrypted, or an archive that unpacks to too much.
    """
    with path.open("rb") as file:
        if file.read(len(_COMPOUND_FILE)) == _COMPOUND_FILE:
            raise Unreadable("The Word document is encrypted or in the old .doc format. Save it as .docx, unprotected.")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise Unreadable("The Word document unpacks to more than can be read.")
        with path.open("rb") as file:
            converted = mammoth.convert_to_html(file, convert_image=_no_image, external_file_access=False)
    except (zipfile.BadZipFile, KeyError, ExpatError, OSError, NotImplementedError, ValueError):
        raise Unreadable("The Word document is broken.") from None
    return blocks(converted.value)


def _no_image(image: object) -> list[object]:
    return []
