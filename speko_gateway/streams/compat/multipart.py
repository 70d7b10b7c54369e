"""Reading a multipart upload that is in memory already: its fields, and its one file."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from speko_core.errors import InvalidInput
from speko_gateway.streams.compat.intent import refused

MAX_FIELDS, MAX_FIELD_BYTES = 1_000, 65_536


@dataclass(frozen=True)
class Upload:
    """Fields in order, and the file with what its sender calls its type."""

    fields: tuple[tuple[str, str], ...]
    file: bytes
    content_type: str

    def get(self, name: str) -> str | None:
        """The last value of a field; None when it is absent or empty."""
        return dict(self.fields).get(name) or None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, with or without the brackets that mark a list."""
        return tuple(value for field, value in self.fields if field in (name, f"{name}[]") and value)


async def read_upload(request: Request, body: bytes) -> Upload:
    """Parse the body.

    Raises:
        InvalidInput: it is not multipart, is malformed, or has no file.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidInput("Invalid request: the body must be multipart/form-data with a file.")
    parser = MultiPartParser(
        request.headers, _once(body), max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise InvalidInput("Invalid request: the multipart body is malformed.") from None
    try:
        items = form.multi_items()
        file = next((value for name, value in items if name == "file" and isinstance(value, UploadFile)), None)
        if file is None:
            raise refused("file", "A file is required.")
        fields = tuple((name, value) for name, value in items if isinstance(value, str))
        return Upload(fields, await file.read(), file.content_type or "")
    finally:
        await form.close()


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
