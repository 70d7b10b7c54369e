"""What watches a running call: its deadlines, its silences, an agent that is stuck, a gateway that wants it to end."""

import asyncio
import logging

from livekit.agents import AgentSession

from speko_core.sessions.plan import SessionPlan
from speko_worker.callstate import CallState
from speko_worker.frames import EndReason
from speko_worker.gateway import GatewayError, SessionApi
from speko_worker.media.port import PlayoutClock
from speko_worker.outcome import Outcome
from speko_worker.rules import next_action

logger = logging.getLogger("speko.worker.session")

HEARTBEAT_S = 5.0
TICK_S = 0.1
INTERRUPT_TIMEOUT_S = 5.0
MAX_UNSTICKS = 3

_CLOSED = frozenset({"ended", "failed", "expired"})


async def interrupt(session: AgentSession[None], *, force: bool) -> None:
    """Stop what the agent is saying; without `force` only what may be interrupted."""
    try:
        async with asyncio.timeout(INTERRUPT_TIMEOUT_S):
            await session.interrupt(force=force)
    except RuntimeError:
        logger.info("the present speech may not be interrupted")
    except TimeoutError:
        logger.warning("interrupting took too long")


async def supervised(
    plan: SessionPlan, session: AgentSession[None], state: CallState, playout: PlayoutClock
) -> Outcome:
    """Do what the rules say, ten times a second, until one of them ends the call."""
    while True:
        await asyncio.sleep(TICK_S)
        action = next_action(state.snapshot(playout.is_stalled_since), plan)
        if action == "end_timeout":
            return Outcome(EndReason.TIMEOUT)
        if action in ("end_idle", "end_said"):
            return Outcome(EndReason.AGENT)
        if action == "say_prompt":
            session.say(plan.idle.prompts[state.prompted()])
        elif action == "unstick" and not await _unstick(session, state):
            return Outcome(EndReason.ERROR, "AGENT_STUCK")


async def _unstick(session: AgentSession[None], state: CallState) -> bool:
    times = state.unstuck()
    logger.warning("agent produces nothing", extra={"agent_state": state.agent, "times": times})
    if times > MAX_UNSTICKS:
        return False
    await interrupt(session, force=True)
    session.generate_reply()
    return True


async def kept_alive(api: SessionApi) -> Outcome:
    """Tell the gateway every five seconds that the call lives, until it says that the call is over."""
    while True:
        try:
            status = await api.heartbeat()
        except GatewayError as failure:
            if failure.is_final:
                return Outcome(EndReason.ERROR, "SESSION_LOST")
            status = "unknown"
        if status == "ending":
            return Outcome(EndReason.AGENT)
        if status in _CLOSED:
            return Outcome(EndReason.ERROR, "SESSION_LOST")
        await asyncio.sleep(HEARTBEAT_S)
