"""Who speaks in a chat, and what that agent sees of it: read from the turns and the plan, kept nowhere else. Pure."""

from collections.abc import Sequence

from speko_core.sessions.models import SessionTurn
from speko_core.sessions.plan import SessionPlan
from speko_core.tools.handover import handovers


def speaker(turns: Sequence[SessionTurn]) -> str | None:
    """The agent that spoke last."""
    return next((turn.agent_id for turn in reversed(turns) if turn.source == "agent"), None)


def seen_by_speaker(plan: SessionPlan, turns: Sequence[SessionTurn]) -> Sequence[SessionTurn]:
    """The turns that the agent who speaks knows of: all, or as many as the handover to it let it see.

    A turn without words, of an agent that handed over in silence, is no part of what was said.
    """
    begins = _beginning(turns)
    if begins is None:
        return _worded(turns)
    limit = _context_messages(plan, speaker(turns[:begins]), turns[begins].agent_id)
    asked = [at for at, turn in enumerate(turns[:begins]) if turn.source == "user"]
    return _worded(turns if limit is None or len(asked) < limit else turns[asked[-limit] :])


def _worded(turns: Sequence[SessionTurn]) -> Sequence[SessionTurn]:
    return [turn for turn in turns if turn.text]


def _beginning(turns: Sequence[SessionTurn]) -> int | None:
    """Where the present agent took over, if it did: the first of its turns that no other agent's turn follows."""
    current, begins = speaker(turns), None
    for at in range(len(turns) - 1, -1, -1):
        if turns[at].source == "agent" and turns[at].agent_id != current:
            return begins
        begins = at if turns[at].source == "agent" else begins
    return None


def _context_messages(plan: SessionPlan, source: str | None, target: str | None) -> int | None:
    for _, config in handovers({**plan.speaking(source).tools}):
        for linked in config.agents:
            if linked.agent_id == target:
                return linked.context_messages
    return None
