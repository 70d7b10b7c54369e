"""When to try again and what an answer means, as pure functions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Status = Literal["pending", "delivering", "succeeded", "failed", "cancelled", "expired"]
OPEN: tuple[Status, ...] = ("pending", "delivering")

LIFETIME = timedelta(hours=24)
# What says how things stand this moment is not worth sending later than this.
MOMENT = timedelta(minutes=5)
LONGEST_PAUSE_S = 2 * 3600.0
# Deliveries that failed together do not come back together.
JITTER = 0.25
_GONE = 410


@dataclass(frozen=True)
class Outcome:
    """What one request brought. `http_status` is None where no answer came; `error` is a sentence of ours."""

    http_status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """True for any 2xx."""
        return self.http_status is not None and 200 <= self.http_status < 300


@dataclass(frozen=True)
class Next:
    """What becomes of a delivery after an attempt."""

    status: Status
    due_at: datetime


def expiry(occurred_at: datetime, *, retried: bool) -> datetime:
    """When a delivery is given up."""
    return occurred_at + (LIFETIME if retried else MOMENT)


def pause_s(attempt: int, base_s: float, chance: float) -> float:
    """Seconds to wait after the failed attempt number `attempt`: doubling from `base_s`, capped, with jitter.

    `chance` is uniform in 0 to 1.
    """
    doubled = base_s * 2.0 ** min(attempt - 1, 60)
    return min(doubled, LONGEST_PAUSE_S) * (1 + JITTER * (2 * chance - 1))


def after_attempt(
    outcome: Outcome, *, attempt: int, retried: bool, now: datetime, expires_at: datetime, base_s: float, chance: float
) -> Next:
    """The status after an automatic attempt, and when the next one is due.

    410 is the receiver's word that it will never take this: there is no next attempt. The last attempt falls on the
    moment of expiry, so that the whole day is used.
    """
    if outcome.delivered:
        return Next("succeeded", now)
    if not retried or outcome.http_status == _GONE:
        return Next("failed", now)
    if now >= expires_at:
        return Next("expired", now)
    due_at = now + timedelta(seconds=pause_s(attempt, base_s, chance))
    return Next("pending", min(due_at, expires_at))
