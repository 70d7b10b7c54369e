"""What may happen to a session, as a pure state machine, and small pure facts about turns.

    created ──claim──► active ──end──► ending ──finish──► ended | failed
       │                 │                └──lose, expire──► ended
       ├──end──► ended   ├──finish──► ended | failed
       └──expire──► expired              ├──lose──► failed
                         └──expire──► ended

Final states stay: whatever reaches a closed session changes nothing, because workers and sweeps repeat themselves.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

LatencyStatus = Literal["partial", "complete", "interrupted", "error"]


class Status(StrEnum):
    """Where a session is in its life."""

    CREATED = "created"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"
    FAILED = "failed"
    EXPIRED = "expired"


class Event(StrEnum):
    """What can happen to it."""

    CLAIM = "claim"  # a worker takes it
    END = "end"  # somebody asks it to stop
    FINISH = "finish"  # the worker is done
    FAIL = "fail"  # the worker is done and says why it could not go on
    LOSE = "lose"  # its worker stopped answering
    EXPIRE = "expire"  # its time is over


FINAL = frozenset({Status.ENDED, Status.FAILED, Status.EXPIRED})
RUNNING = frozenset({Status.ACTIVE, Status.ENDING})

TRANSITIONS: Mapping[tuple[Status, Event], Status] = {
    (Status.CREATED, Event.CLAIM): Status.ACTIVE,
    (Status.CREATED, Event.END): Status.ENDED,
    (Status.CREATED, Event.EXPIRE): Status.EXPIRED,
    (Status.ACTIVE, Event.END): Status.ENDING,
    (Status.ACTIVE, Event.FINISH): Status.ENDED,
    (Status.ACTIVE, Event.FAIL): Status.FAILED,
    (Status.ACTIVE, Event.LOSE): Status.FAILED,
    (Status.ACTIVE, Event.EXPIRE): Status.ENDED,
    (Status.ENDING, Event.END): Status.ENDING,
    (Status.ENDING, Event.FINISH): Status.ENDED,
    (Status.ENDING, Event.FAIL): Status.FAILED,
    (Status.ENDING, Event.LOSE): Status.ENDED,
    (Status.ENDING, Event.EXPIRE): Status.ENDED,
}


class IllegalTransition(Exception):
    """The event cannot happen in this state, such as a second claim."""


def step(status: Status, event: Event) -> Status:
    """The state after `event`. A final state absorbs every event but a claim.

    Raises:
        IllegalTransition: the event cannot happen here.
    """
    if status in FINAL and event is not Event.CLAIM:
        return status
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(f"{event} while {status}") from None


def overdue(
    status: Status, *, expires_at: datetime, last_heartbeat_at: datetime | None, now: datetime, grace: timedelta
) -> Event | None:
    """What the sweep must do to a session: nothing, lose its worker, or expire it.

    A joined session gets `grace` past its end, so that its worker can say goodbye and report the last turns; one that
    nobody joined ends on time.
    """
    if status in FINAL:
        return None
    if status is Status.CREATED:
        return Event.EXPIRE if now >= expires_at else None
    if now >= expires_at + grace:
        return Event.EXPIRE
    silent_since = last_heartbeat_at or expires_at
    return Event.LOSE if now - silent_since > grace else None


def latency_status(
    source: str, interrupted: bool, eou_ms: float | None, llm_ttft_ms: float | None, tts_ttfb_ms: float | None
) -> LatencyStatus | None:
    """How much of an agent turn's latency is known; None for other turns and before any leg reported."""
    if source != "agent":
        return None
    if interrupted:
        return "interrupted"
    known = sum(value is not None for value in (eou_ms, llm_ttft_ms, tts_ttfb_ms))
    return None if known == 0 else "complete" if known == 3 else "partial"
