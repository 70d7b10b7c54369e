"""Times as a model gives them: with an offset, or local to a time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from speko_core.ports.integrations import IntegrationFailed

LONGEST = timedelta(days=31)


def zone(name: str) -> ZoneInfo:
    """The time zone with this IANA name.

    Raises:
        IntegrationFailed: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise IntegrationFailed("timeZone must be an IANA name, such as Europe/Berlin") from None


def moment(name: str, text: str, local: ZoneInfo) -> datetime:
    """The instant of an ISO 8601 text, in the zone `local`. Of a time that a clock shows twice it is the first.

    Raises:
        IntegrationFailed: it is no such text, or the clocks of that zone skip the time.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise IntegrationFailed(f"{name} must be a date and time such as 2026-03-14T15:00:00") from None
    if found.tzinfo is not None:
        return found.astimezone(local)
    placed = found.replace(tzinfo=local)
    if placed.astimezone(UTC).astimezone(local).replace(tzinfo=None) != found:
        raise IntegrationFailed(f"{name} does not exist: the clocks go forward over it")
    return placed


def span(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Both, in order.

    Raises:
        IntegrationFailed: the end is not after the start, or too far after it.
    """
    # Compared in UTC: within one zone Python compares what the clocks show.
    length = end.astimezone(UTC) - start.astimezone(UTC)
    if not timedelta(0) < length <= LONGEST:
        raise IntegrationFailed(f"the end must be after the start, by at most {LONGEST.days} days")
    return start, end
