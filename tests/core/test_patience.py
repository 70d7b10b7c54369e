"""How long a candidate may be silent, and what is known of its pace. Pure."""

from hypothesis import given
from hypothesis import strategies as st

from speko_core.oneshot.patience import MARGIN, Stuck, Timing, patience
from speko_core.providers.base import FailureKind
from speko_core.routing.health_breaker import FIRST_OPEN_S, IN_A_ROW, JITTER, Breaker, Permit
from speko_core.routing.health_pace import AT_LEAST, KEPT, KEPT_S, UNKNOWN, Pace, Samples

TIMING = Timing(first_event_s=10, stall_s=15, overall_s=25, first_event_floor_s=1, stall_floor_s=5)
NORMAL, PROBE = Permit("normal"), Permit("probe")
durations = st.floats(min_value=0.001, max_value=60)


def practised(*latencies: float) -> Breaker:
    found = Breaker(lambda opening: 0.0)
    for latency in latencies:
        found.succeeded(NORMAL, 0.0, latency)
    return found


@given(st.lists(durations, min_size=AT_LEAST, max_size=KEPT), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_the_least_duration_that_enough_calls_did_not_exceed(seconds: list[float], share: float) -> None:
    """RTE-12"""
    samples = Samples()
    for one in seconds:
        samples.note(0.0, one)
    found = samples.quantile(0.0, share)
    assert found is not None
    assert sum(one <= found for one in seconds) >= share * len(seconds)
    assert sum(one < found for one in seconds) < share * len(seconds)


@given(st.lists(st.tuples(st.floats(min_value=0, max_value=KEPT_S), durations), max_size=3 * KEPT))
def test_only_recent_calls_and_not_too_many_are_remembered(calls: list[tuple[float, float]]) -> None:
    """RTE-12"""
    samples, now = Samples(), 0.0
    for pause, seconds in calls:
        now += pause / 10
        samples.note(now, seconds)
    assert len(samples._noted) == len(samples._sorted) <= KEPT
    assert sorted(seconds for _, seconds in samples._noted) == samples._sorted
    assert samples.quantile(now + KEPT_S, 0.99) is None


def test_with_too_few_calls_the_limits_of_the_endpoint_hold() -> None:
    """ONE-11"""
    assert practised(*[0.1] * (AT_LEAST - 1)).pace(NORMAL, 0.0) == UNKNOWN
    allowed = patience(TIMING, UNKNOWN)
    assert (allowed.first_event.seconds, allowed.silence.seconds, allowed.hedge_s) == (10, 15, None)
    assert type(allowed.first_event.exceeded("late")) is not Stuck


@given(durations, durations)
def test_a_candidates_own_record_shortens_its_waits_between_floor_and_ceiling(slowest: float, silence: float) -> None:
    """ONE-11"""
    allowed = patience(TIMING, Pace(0.2, slowest, silence))
    assert allowed.first_event.seconds == min(10, max(1, MARGIN * slowest))
    assert allowed.silence.seconds == min(15, max(5, MARGIN * silence))
    error = allowed.first_event.exceeded("no first event")
    assert error.kind is FailureKind.TIMEOUT
    assert isinstance(error, Stuck) == (allowed.first_event.seconds < 10)


@given(durations, st.floats(min_value=0, max_value=60))
def test_nobody_is_hedged_sooner_than_the_call_itself_explains(usual: float, floor: float) -> None:
    """RTE-13: a long recording is not a slow candidate."""
    timing = Timing(10, 15, 25, hedge_floor_s=floor)
    assert patience(timing, Pace(hedge_s=usual)).hedge_s == max(usual, floor)
    assert patience(timing, UNKNOWN).hedge_s is None


def test_a_candidate_that_is_tried_again_has_all_the_time_there_is() -> None:
    """RTE-12: held to the record of better days it could never come back."""
    found = practised(*[0.1] * AT_LEAST)
    assert found.pace(NORMAL, 0.0).first_event_s == 0.1
    assert found.pace(PROBE, 0.0) == UNKNOWN
    for _ in range(IN_A_ROW):
        found.failed(NORMAL, 0.0, FailureKind.TIMEOUT)
    later = FIRST_OPEN_S * (1 + JITTER)
    permit = found.begin(later)
    assert permit == PROBE
    found.succeeded(permit, later, 8.0)
    assert found.pace(NORMAL, later) == UNKNOWN


def test_a_call_that_was_outrun_counts_as_slow_and_not_as_failed() -> None:
    """RTE-13: else hedging would make its own threshold sink."""
    found = practised(*[0.1] * AT_LEAST)
    for _ in range(2):
        found.outrun(NORMAL, 0.0, 0.7)
    assert found.pace(NORMAL, 0.0).hedge_s == 0.7
    assert found.error_rate(0.0) == (0.0, AT_LEAST)
    assert found.state(0.0) == "closed"


def test_a_candidate_that_is_outrun_again_and_again_is_left_out() -> None:
    """RTE-13: a second call for every one is no way to live with a silent provider."""
    found = practised(*[0.1] * AT_LEAST)
    for _ in range(IN_A_ROW - 1):
        found.outrun(NORMAL, 0.0, 0.7)
    assert found.state(0.0) == "closed"
    found.outrun(NORMAL, 0.0, 0.7)
    assert found.state(0.0) == "open"
    assert "5 calls in a row failed or were outrun" in found.reason(0.0)
