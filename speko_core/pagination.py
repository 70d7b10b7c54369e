"""Keyset pages over (created_at, id), newest first, with an opaque cursor."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from speko_core.errors import FieldProblem, InvalidInput

S = TypeVar("S", bound=Select[Any])


def encode_cursor(created_at: datetime, row_id: str) -> str:
    """The cursor that continues after this row."""
    return base64.urlsafe_b64encode(f"{created_at.isoformat()}|{row_id}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Read a cursor; a bare ISO timestamp is accepted because official clients send one.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, _, row_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        return datetime.fromisoformat(moment), row_id
    except (ValueError, binascii.Error):
        pass
    try:
        moment_only = datetime.fromisoformat(cursor)
    except ValueError:
        problem = FieldProblem("cursor", "must be the nextCursor of an earlier page")
        raise InvalidInput("cursor must be the nextCursor of an earlier page", fields=[problem]) from None
    return moment_only if moment_only.tzinfo else moment_only.replace(tzinfo=UTC), ""


def after(
    statement: S,
    created_at: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[str],
    cursor: str | None,
) -> S:
    """Order newest first and start after `cursor`."""
    ordered = statement.order_by(created_at.desc(), row_id.desc())
    if cursor is None:
        return ordered
    moment, last_id = decode_cursor(cursor)
    condition: ColumnElement[bool] = tuple_(created_at, row_id) < (moment, last_id)
    return ordered.where(condition)
