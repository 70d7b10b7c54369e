"""Headers that people add to the requests we make for them."""

import re
from typing import Annotated

from pydantic import AfterValidator

MAX_HEADERS = 20
MAX_VALUE = 4096
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,120}")
# Visible ASCII, with spaces and tabs inside: anything else could break the request's framing.
_VALUE = re.compile(r"[!-~]([ \t!-~]*[!-~])?")
_OURS = frozenset(
    {"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "upgrade", "te",
     "trailer", "keep-alive", "proxy-authorization", "proxy-connection", "expect", "user-agent", "accept-encoding"}
)  # fmt: skip


def check_name(name: str) -> str:
    """The name itself.

    Raises:
        ValueError: it is no header name, or one that we set ourselves.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("header names may have letters, digits and - only")
    if name.lower() in _OURS or name.lower().startswith("webhook-"):
        raise ValueError("this header is set by the platform")
    return name


def check_value(value: str) -> str:
    """The value itself.

    Raises:
        ValueError: it cannot stand in a header; the text does not repeat it.
    """
    if len(value) > MAX_VALUE or not _VALUE.fullmatch(value):
        raise ValueError(f"header values are printable ASCII of 1 to {MAX_VALUE} characters")
    return value


HeaderName = Annotated[str, AfterValidator(check_name)]
HeaderValue = Annotated[str, AfterValidator(check_value)]
