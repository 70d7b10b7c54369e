"""Keyset pages over (created_at, id), newest first, with an opaque cursor."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from speko_core.errors import FieldProblem, InvalidInput

S = TypeVar("S", bound=Select[Any])


class Placed(Protocol):
    """A row with a place in the order of a list."""

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        ...

    @property
    def id(self) -> str:
        """What breaks ties."""
        ...


R = TypeVar("R", bound=Placed)


def encode_cursor(created_at: datetime, row_id: str) -> str:
    """The cursor that continues after this row."""
    return base64.urlsafe_b64encode(f"{created_at.isoformat()}|{row_id}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Read a cursor; a bare ISO timestamp is accepted because official clients send one.

    Raises:
        InvalidInput: it is neither.
    """
    place = _place(cursor) or _moment(cursor)
    if place is None or not place[1].isprintable():
        problem = FieldProblem("cursor", "must be the nextCursor of an earlier page")
        raise InvalidInput(f"cursor {problem.problem}", fields=[problem])
    return place


def _place(cursor: str) -> tuple[datetime, str] | None:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        return None
    moment, _, row_id = text.partition("|")
    found = _moment(moment)
    return (found[0], row_id) if found else None


def _moment(text: str) -> tuple[datetime, str] | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), ""
    except (ValueError, OverflowError):
        return None


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


def page_of(rows: Sequence[R], limit: int) -> tuple[Sequence[R], str | None]:
    """The page and the cursor of the next one; `rows` are one more than `limit` where another page follows."""
    page = rows[:limit]
    return page, encode_cursor(page[-1].created_at, page[-1].id) if len(rows) > limit else None
