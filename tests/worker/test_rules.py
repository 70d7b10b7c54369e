"""What a call does next, in virtual time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from speko_core.sessions.plan import PlanIdle, SessionPlan
from speko_worker.callstate import CallState
from speko_worker.errors import LIMITS, ErrorBudget
from speko_worker.rules import STALL_S, THINKING_STALL_S, Snapshot, lifetime_s, next_action
from tests.worker.fake_gateway import FakeGateway

QUIET = Snapshot(
    now=100,
    ends_at=1000,
    agent="listening",
    agent_since=90,
    user_speaking=False,
    quiet_since=90,
    prompts_said=0,
    stalled_since=None,
)


def _plan(**values: object) -> SessionPlan:
    return FakeGateway().create(**values).plan  # type: ignore[arg-type]  # plan fields by their wire names


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (QUIET, "none"),
        (replace(QUIET, now=105.1), "say_prompt"),
        (replace(QUIET, now=105.1, prompts_said=1), "end_idle"),
        (replace(QUIET, now=105.1, quiet_since=None), "none"),
        (replace(QUIET, now=1000), "end_timeout"),
        (replace(QUIET, ending_since=99), "end_said"),
        (replace(QUIET, ending_since=99.9), "none"),
        (replace(QUIET, ending_since=99, agent="speaking", quiet_since=None), "none"),
        (replace(QUIET, agent="speaking", quiet_since=None, stalled_since=100 - STALL_S - 1), "unstick"),
        (replace(QUIET, agent="speaking", quiet_since=None, stalled_since=100 - STALL_S + 1), "none"),
        (replace(QUIET, agent="thinking", quiet_since=None, agent_since=100 - THINKING_STALL_S - 1), "unstick"),
        (
            replace(QUIET, agent="thinking", quiet_since=None, agent_since=0, user_speaking=True),
            "none",
        ),
    ],
)
def test_the_next_action_follows_from_one_look(seen: Snapshot, expected: str) -> None:
    """SES-9: deadlines first, then a stuck agent, then silence."""
    plan = _plan().model_copy(update={"idle": PlanIdle(after_s=15, prompts=("Still there?",))})
    assert next_action(seen, plan) == expected


def test_a_plan_without_prompts_never_ends_for_silence() -> None:
    """SES-9: only the time limit does."""
    assert next_action(replace(QUIET, now=999), _plan()) == "none"


def test_the_lifetime_is_the_shorter_of_duration_and_expiry() -> None:
    """SES-1: a claim late in the session's life does not extend it."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    plan = _plan(maxDurationS=60, expiresAt="2026-01-01T00:00:30.000Z")
    assert lifetime_s(plan, now) == 30
    assert lifetime_s(_plan(maxDurationS=10, expiresAt="2026-01-01T00:00:30.000Z"), now) == 10
    assert lifetime_s(_plan(expiresAt="2025-01-01T00:00:00.000Z"), now) == 0


def test_silence_is_counted_from_when_both_are_quiet() -> None:
    """SES-9: every word starts the count again, a prompt of ours does not forgive the silence before it."""
    clock = [0.0]
    state = CallState(ends_at=999, now=lambda: clock[0])
    state.begin()
    clock[0] = 5
    state.user_is(speaking=True)
    assert state.snapshot(None).quiet_since is None
    clock[0] = 7
    state.user_is(speaking=False)
    assert state.snapshot(None).quiet_since == 7
    assert state.prompted() == 0
    state.agent_is("speaking")
    clock[0] = 9
    state.agent_is("listening")
    seen = state.snapshot(None)
    assert (seen.quiet_since, seen.prompts_said) == (9, 1)
    clock[0] = 10
    state.heard()
    seen = state.snapshot(None)
    assert (seen.quiet_since, seen.prompts_said) == (10, 0)


def test_an_error_budget_counts_failures_in_a_row_only() -> None:
    """SES-8: one success forgives the leg."""
    budget = ErrorBudget()
    for _ in range(LIMITS["llm"] - 1):
        assert not budget.failed("llm")
    budget.worked("llm")
    assert not budget.failed("llm")
    assert not budget.failed("stt")
    assert [budget.failed("llm") for _ in range(LIMITS["llm"] - 1)][-1]
