"""Periods of usage: what `from` and `to` mean. Pure."""

import re
from datetime import UTC, datetime, timedelta

from speko_core.errors import FieldProblem, InvalidInput

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def period(start: str | None, end: str | None, now: datetime) -> tuple[datetime, datetime]:
    """The half-open period [start, end).

    Raises:
        InvalidInput: a bound is no ISO 8601 date or time, or the end lies before the start.
    """
    first = _moment("from", start) if start else now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = _moment("to", end) if end else now + timedelta(microseconds=1)
    if end and _DATE.fullmatch(end.strip()) and last < datetime.max.replace(tzinfo=UTC) - timedelta(days=1):
        last += timedelta(days=1)
    if last < first:
        raise _refused("to", "must not lie before from")
    return first, last


def _moment(field: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refused(field, "must be an ISO 8601 date or time, such as 2026-11-01") from None


def _refused(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"Invalid request: {field}: {problem}", fields=[FieldProblem(field, problem)])
