"""The circuit breaker as a state machine on a moved clock."""

import math

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from speko_core.providers.base import FailureKind
from speko_core.routing.health_breaker import (
    AT_LEAST,
    FIRST_OPEN_S,
    IN_A_ROW,
    JITTER,
    LONGEST_OPEN_S,
    WINDOW_S,
    Breaker,
    Permit,
)

BROKEN = st.sampled_from([FailureKind.NETWORK, FailureKind.TIMEOUT, FailureKind.UPSTREAM, FailureKind.EMPTY])
NORMAL = Permit("normal")


def breaker(jitter: float = 0.0) -> Breaker:
    return Breaker(lambda opening: jitter)


def opened(jitter: float = 0.0) -> Breaker:
    found = breaker(jitter)
    for _ in range(IN_A_ROW):
        found.failed(NORMAL, 0.0, FailureKind.NETWORK)
    return found


@given(st.lists(BROKEN, min_size=IN_A_ROW, max_size=IN_A_ROW))
def test_five_failures_in_a_row_open_it_and_four_do_not(kinds: list[FailureKind]) -> None:
    """RTE-12"""
    found = breaker()
    for kind in kinds[:-1]:
        found.failed(NORMAL, 1.0, kind)
    assert found.state(1.0) == "closed"
    found.failed(NORMAL, 1.0, kinds[-1])
    assert found.state(1.0) == "open"
    assert "5 failures in a row" in found.reason(1.0)
    assert "next try in 10 s" in found.reason(1.0)


@given(st.integers(min_value=1, max_value=9))
def test_a_share_of_failures_opens_it_once_there_are_enough_calls(successes: int) -> None:
    """RTE-12: 30 % of at least 20, without ever failing five times in a row."""
    found, calls = breaker(), 0
    while calls < 5 * AT_LEAST and found.state(1.0) == "closed":
        failing = calls % (successes + 1) == 0
        if failing:
            found.failed(NORMAL, 1.0, FailureKind.UPSTREAM)
        else:
            found.succeeded(NORMAL, 1.0, 0.1)
        calls += 1
    opened_at = {1: 21, 2: 22}  # the first failing call from the twentieth on
    assert (found.state(1.0), calls) == (("open", opened_at[successes]) if successes < 3 else ("closed", 5 * AT_LEAST))


def test_failures_older_than_the_window_are_forgotten() -> None:
    """RTE-12"""
    found = breaker()
    for turn in range(AT_LEAST):
        found.failed(NORMAL, turn * WINDOW_S, FailureKind.NETWORK)
        found.succeeded(NORMAL, turn * WINDOW_S, 0.1)
    assert found.state(AT_LEAST * WINDOW_S) == "closed"
    assert found.error_rate((AT_LEAST + 2) * WINDOW_S) == (0.0, 0)


@given(st.integers(min_value=0, max_value=12), st.floats(min_value=0, max_value=1))
def test_every_reopening_waits_longer_up_to_five_minutes(times: int, jitter: float) -> None:
    """RTE-12"""
    found, now, waits = opened(jitter), 0.0, []
    for _ in range(times + 1):
        waits.append(found.reopens_at(now) - now)
        now = found.reopens_at(now)
        permit = found.begin(now)
        assert permit == Permit("probe")
        found.failed(permit, now, FailureKind.TIMEOUT)
    assert all(
        later >= earlier or math.isclose(later, LONGEST_OPEN_S)
        for earlier, later in zip(waits, waits[1:], strict=False)
    )
    assert math.isclose(waits[0], FIRST_OPEN_S * (1 + JITTER * jitter), rel_tol=1e-6)
    assert max(waits) <= LONGEST_OPEN_S + 1e-6


def test_half_open_lets_one_call_through_and_its_success_closes() -> None:
    """RTE-12"""
    found = opened()
    assert found.begin(9.9) is None
    probe = found.begin(10.0)
    assert probe == Permit("probe")
    assert found.begin(10.0) is None
    found.succeeded(probe, 11.0, 0.1)
    assert found.state(11.0) == "closed"
    assert found.begin(11.0) == NORMAL


def test_a_probe_whose_caller_went_away_makes_room_for_the_next() -> None:
    """RTE-12"""
    found = opened()
    probe = found.begin(10.0)
    assert probe is not None
    found.abandoned(probe)
    assert found.state(10.0) == "half_open"
    assert found.begin(10.0) == Permit("probe")


def test_a_late_failure_of_a_call_from_before_does_not_prolong_the_pause() -> None:
    """RTE-12"""
    found = opened()
    before = found.reopens_at(1.0)
    found.failed(NORMAL, 5.0, FailureKind.TIMEOUT)
    assert found.reopens_at(5.0) == before


@given(st.sampled_from([FailureKind.AUTH, FailureKind.QUOTA]), st.floats(min_value=0, max_value=1e9))
def test_a_refused_key_stays_out_until_it_changes(kind: FailureKind, later: float) -> None:
    """RTE-12"""
    found = breaker()
    found.failed(NORMAL, 0.0, kind)
    assert found.begin(later) is None
    assert "until the key changes" in found.reason(later)


@given(st.floats(min_value=0, max_value=10_000))
def test_a_rate_limit_rests_as_long_as_it_was_told(seconds: float) -> None:
    """RTE-9, RTE-12"""
    found = breaker()
    found.failed(NORMAL, 100.0, FailureKind.RATE, seconds)
    end = 100.0 + min(seconds, LONGEST_OPEN_S)
    assert found.begin(end) == NORMAL
    if seconds > 0.001:
        assert found.blocks(end - 0.0005)


@given(st.lists(st.sampled_from([FailureKind.INVALID, FailureKind.REFUSED]), max_size=50))
def test_what_the_caller_did_says_nothing_about_the_candidate(kinds: list[FailureKind]) -> None:
    """RTE-9"""
    found = breaker()
    for kind in kinds:
        found.failed(NORMAL, 1.0, kind)
    assert found.state(1.0) == "closed"
    assert found.error_rate(1.0) == (0.0, 0)


class Machine(RuleBasedStateMachine):
    """Any sequence of events, in any order, with overlapping calls."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.found = breaker(0.5)
        self.running: list[Permit] = []

    @rule(seconds=st.floats(min_value=0, max_value=400))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(forced=st.booleans())
    def begin(self, forced: bool) -> None:
        permit = self.found.begin(self.now, forced)
        if permit is not None:
            self.running.append(permit)

    @precondition(lambda self: self.running)
    @rule(index=st.integers(min_value=0), latency=st.floats(min_value=0, max_value=30))
    def succeed(self, index: int, latency: float) -> None:
        self.found.succeeded(self.running.pop(index % len(self.running)), self.now, latency)

    @precondition(lambda self: self.running)
    @rule(
        index=st.integers(min_value=0),
        kind=st.sampled_from(list(FailureKind)),
        after=st.none() | st.floats(min_value=0, max_value=1000),
    )
    def fail(self, index: int, kind: FailureKind, after: float | None) -> None:
        self.found.failed(self.running.pop(index % len(self.running)), self.now, kind, after)

    @precondition(lambda self: self.running)
    @rule(index=st.integers(min_value=0))
    def abandon(self, index: int) -> None:
        self.found.abandoned(self.running.pop(index % len(self.running)))

    @invariant()
    def at_most_one_probe_runs(self) -> None:
        assert sum(permit.kind == "probe" for permit in self.running) <= 1 or self.found.state(self.now) == "closed"

    @invariant()
    def a_candidate_is_never_lost_for_good_but_for_its_key(self) -> None:
        until = self.found.reopens_at(self.now)
        assert math.isinf(until) or until <= self.now + LONGEST_OPEN_S
        assert self.found.reason(self.now)
        if not any(permit.kind == "probe" for permit in self.running) and not math.isinf(until):
            assert not self.found.blocks(until)


TestMachine = Machine.TestCase
