"""What a running call does next, as pure functions of time: deadlines, idle prompts, the watchdog."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from speko_core.sessions.plan import SessionPlan

# Longer than any pause inside a spoken reply, shorter than a caller's patience.
STALL_S = 6.0
# A reply that has produced nothing: the gateway's own timeouts and failovers have had their turn by then.
THINKING_STALL_S = 45.0

# Between the agent's goodbye and the end of the call.
LAST_WORD_S = 0.7

AgentState = Literal["listening", "thinking", "speaking"]


@dataclass(frozen=True)
class Snapshot:
    """One look at a call; every time is monotonic seconds."""

    now: float
    ends_at: float
    agent: AgentState
    agent_since: float
    user_speaking: bool
    quiet_since: float | None
    prompts_said: int
    stalled_since: float | None
    ending_since: float | None = None


Action = Literal["none", "end_timeout", "say_prompt", "end_idle", "end_said", "unstick"]


def next_action(seen: Snapshot, plan: SessionPlan) -> Action:
    """Decide. Idle handling is off for a plan without prompts: the time limit still ends such a call."""
    if seen.now >= seen.ends_at:
        return "end_timeout"
    if _is_stuck(seen):
        return "unstick"
    if seen.ending_since is not None and seen.quiet_since is not None:
        return "end_said" if seen.now - max(seen.quiet_since, seen.ending_since) >= LAST_WORD_S else "none"
    if not plan.idle.prompts or seen.quiet_since is None:
        return "none"
    if seen.now - seen.quiet_since < plan.idle.after_s:
        return "none"
    return "say_prompt" if seen.prompts_said < len(plan.idle.prompts) else "end_idle"


def _is_stuck(seen: Snapshot) -> bool:
    if seen.agent == "speaking" and seen.stalled_since is not None:
        return seen.now - seen.stalled_since > STALL_S
    return seen.agent == "thinking" and not seen.user_speaking and seen.now - seen.agent_since > THINKING_STALL_S


def lifetime_s(plan: SessionPlan, now: datetime) -> float:
    """Seconds the call may still last: the plan's duration, cut by its expiry."""
    expires = datetime.fromisoformat(plan.expires_at).astimezone(UTC)
    return max(0.0, min(float(plan.max_duration_s), (expires - now).total_seconds()))
