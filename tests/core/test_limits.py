"""Rate limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.errors import RateLimited
from speko_core.limits import WINDOW_S, RateLimiter
from speko_core.principal import Principal
from tests.twins import MovedClock


def caller(key: str = "key_1", organization: str = "org_1") -> Principal:
    return Principal("api_key", key, organization, frozenset())


@given(st.integers(1, 200), st.integers(1, 300))
def test_exactly_the_limit_passes_at_once_and_the_rest_waits(limit: int, asked: int) -> None:
    """ORG-11"""
    limiter = RateLimiter(MovedClock(), per_key=limit, per_organization=0)
    passed = 0
    for _ in range(asked):
        try:
            limiter.take(caller())
            passed += 1
        except RateLimited as refusal:
            assert refusal.retry_after_s is not None
            assert 1 <= refusal.retry_after_s <= WINDOW_S
    assert passed == min(limit, asked)


def test_waiting_as_told_lets_the_next_request_pass() -> None:
    """ORG-11"""
    clock = MovedClock()
    limiter = RateLimiter(clock, per_key=2, per_organization=0)
    for _ in range(2):
        limiter.take(caller())
    with pytest.raises(RateLimited) as refusal:
        limiter.take(caller())
    clock.advance(refusal.value.retry_after_s or 0)
    limiter.take(caller())


def test_keys_share_the_limit_of_their_organization() -> None:
    """ORG-11"""
    limiter = RateLimiter(MovedClock(), per_key=10, per_organization=3)
    for key in ("a", "b", "c"):
        limiter.take(caller(key))
    with pytest.raises(RateLimited):
        limiter.take(caller("d"))
    limiter.take(caller("d", "org_2"))


def test_the_allowance_counts_down() -> None:
    """ORG-11"""
    limiter = RateLimiter(MovedClock(), per_key=3, per_organization=0)
    left = [allowance.remaining for allowance in (limiter.take(caller()) for _ in range(3)) if allowance]
    assert left == [2, 1, 0]


def test_a_running_call_is_not_refused_because_its_organization_is_busy() -> None:
    """ORG-11"""
    limiter = RateLimiter(MovedClock(), per_key=10, per_organization=1)
    limiter.take(caller())
    limiter.take(Principal("session", "session_1", "org_1", frozenset()))
    with pytest.raises(RateLimited):
        limiter.take(caller())
