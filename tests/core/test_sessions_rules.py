"""The life of a session as a state machine."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.sessions.rules import FINAL, RUNNING, Event, IllegalTransition, Status, latency_status, overdue, step

EVENTS = st.lists(st.sampled_from(Event), max_size=12)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GRACE = timedelta(seconds=20)


def lives(events: list[Event]) -> list[Status]:
    """The states a session passes through; what cannot happen changes nothing."""
    passed = [Status.CREATED]
    for event in events:
        try:
            passed.append(step(passed[-1], event))
        except IllegalTransition:
            continue
    return passed


@given(EVENTS)
def test_a_final_state_is_never_left(events: list[Event]) -> None:
    """SES-1"""
    passed = lives(events)
    final = next((position for position, state in enumerate(passed) if state in FINAL), len(passed))
    assert len(set(passed[final:])) <= 1


@given(EVENTS)
def test_no_order_of_events_runs_a_session_twice(events: list[Event]) -> None:
    """SES-12"""
    passed = lives(events)
    moves = list(itertools.pairwise(passed))
    assert moves.count((Status.CREATED, Status.ACTIVE)) <= 1
    assert Status.CREATED not in [after for _, after in moves]


@given(EVENTS)
def test_a_session_that_nobody_claimed_never_fails(events: list[Event]) -> None:
    """SES-1"""
    passed = lives([event for event in events if event is not Event.CLAIM])
    assert Status.FAILED not in passed
    assert not RUNNING & set(passed)


@given(st.sampled_from(Status), st.sampled_from([Event.END, Event.EXPIRE]))
def test_ending_and_expiring_are_possible_in_every_state_and_repeating_them_changes_nothing(
    status: Status, event: Event
) -> None:
    """SES-1"""
    once = step(status, event)
    assert step(once, event) in ({once} if once in FINAL else {once, *FINAL})


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.CREATED])
def test_only_a_new_session_can_be_claimed(status: Status) -> None:
    """SES-12"""
    with pytest.raises(IllegalTransition):
        step(status, Event.CLAIM)


@given(
    status=st.sampled_from(Status),
    left_s=st.floats(-3600, 3600),
    silent_s=st.none() | st.floats(0, 3600),
)
def test_the_sweep_only_asks_for_what_is_possible_and_always_ends_it(
    status: Status, left_s: float, silent_s: float | None
) -> None:
    """OPS-2"""
    seen = None if silent_s is None else NOW - timedelta(seconds=silent_s)
    event = overdue(status, expires_at=NOW + timedelta(seconds=left_s), last_heartbeat_at=seen, now=NOW, grace=GRACE)
    if event is not None:
        assert step(status, event) in FINAL
    if status in RUNNING and left_s > 0 and silent_s is not None and silent_s < 20:
        assert event is None
    if status not in FINAL and left_s < -20:
        assert event is not None


@pytest.mark.parametrize(
    ("interrupted", "legs", "expected"),
    [
        (False, (None, None, None), None),
        (False, (300.0, None, None), "partial"),
        (False, (300.0, 0.0, 50.0), "complete"),
        (True, (300.0, 40.0, 50.0), "interrupted"),
    ],
)
def test_the_latency_status_says_how_much_is_known(
    interrupted: bool, legs: tuple[float | None, ...], expected: str | None
) -> None:
    """SES-9"""
    assert latency_status("agent", interrupted, *legs) == expected
    assert latency_status("user", interrupted, *legs) is None
