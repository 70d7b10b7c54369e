"""What a fake vendor can be told to do instead of answering."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Trouble(StrEnum):
    """How an answer goes wrong. Every fake knows all of them."""

    NONE = "none"
    SLOW = "slow"  # waits `delay_s` before the first byte, then answers well
    STALL = "stall"  # a part of the answer, then silence on an open connection
    SILENT = "silent"  # takes the request and never answers
    EMPTY = "empty"  # 200 with nothing of worth in it, ended as the vendor ends its answers
    NOTHING = "nothing"  # 200 with zero bytes
    MALFORMED = "malformed"  # a part of the answer, then bytes that do not parse
    TRUNCATED = "truncated"  # a part of the answer, then an orderly end without the vendor's end mark
    CUT = "cut"  # a part of the answer, then the connection breaks
    REFUSED = "refused"  # an HTTP status and the vendor's error body


@dataclass(frozen=True)
class Behaviour:
    """One instruction. `status`, `code` and `headers` belong to `REFUSED`; `code` replaces the vendor's usual word."""

    trouble: Trouble = Trouble.NONE
    status: int = 200
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    gap_s: float = 0.0


WELL = Behaviour()


def refusing(status: int, code: str | None = None, **headers: str) -> Behaviour:
    """Answer with `status` and the vendor's error body; header names with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Behaviour(Trouble.REFUSED, status, code, named)
