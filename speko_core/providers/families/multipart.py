"""`multipart/form-data` with one file, as every file endpoint for speech takes it (RFC 7578)."""

import secrets
from collections.abc import Sequence

from speko_core.providers.families.recording import Upload


def multipart(fields: Sequence[tuple[str, str]], name: str, upload: Upload) -> tuple[str, bytes]:
    """Content type and body: the fields in order, then the file. Field names are ours, values may hold anything."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n' for field, value in fields
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{upload.filename}"\r\n'
        f"Content-Type: {upload.content_type}\r\n\r\n"
    )
    body = b"".join(["".join(parts).encode(), head.encode(), upload.data, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body
