"""What every fake recognizer needs: is this audio at all, and what was said in it."""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request

HEARD: Final = "Hello wonderful world."
WORDS: Final = (("Hello", 0.1, 0.4, 0.98), ("wonderful", 0.45, 0.9, 0.91), ("world.", 0.95, 1.3, 0.97))
_SIGNATURES: Final = (b"RIFF", b"OggS", b"fLaC", b"\x1a\x45\xdf\xa3", b"ID3", b"\xff\xfb", b"\xff\xf3")


@dataclass(frozen=True)
class Form:
    """A multipart request: its text fields in order, and the one file."""

    fields: tuple[tuple[str, str], ...]
    part: str = ""
    filename: str = ""
    file: bytes = b""

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        return dict(self.fields).get(name, default)

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for field, value in self.fields if field == name]

    @property
    def names(self) -> set[str]:
        """The names of all parts."""
        return {field for field, _ in self.fields} | ({self.part} if self.part else set())


async def read_form(request: Request) -> Form:
    """Read a multipart body and let go of its temporary files."""
    async with request.form() as form:
        fields = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                return Form(fields, name, value.filename or "", await value.read())
    return Form(fields)


def is_file(body: bytes) -> bool:
    """True for the containers that vendors read."""
    return body.startswith(_SIGNATURES)


def halves(answer: bytes) -> tuple[bytes, bytes]:
    """An answer in two reads, so that it can break in the middle."""
    middle = len(answer) // 2
    return answer[:middle], answer[middle:]
