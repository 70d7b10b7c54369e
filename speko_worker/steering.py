"""What a caller's client may change of its own running call, and tell the agent without taking a turn."""

import asyncio
import logging

from livekit.agents import Agent, AgentSession
from livekit.agents.voice import SpeechHandle

from speko_core.sessions.plan import SessionPlan
from speko_worker.frames import ContextualUpdate, Overrides
from speko_worker.pipeline import retune

logger = logging.getLogger("speko.worker.session")

INTERRUPT_TIMEOUT_S = 5.0


class Steering:
    """The overrides and updates of one call. The plan says whether overrides are taken."""

    def __init__(self, plan: SessionPlan, session: AgentSession[None], agent: Agent) -> None:
        self._plan, self._session, self._agent = plan, session, agent
        # The first message while it is being said: only then another one can take its place.
        self.greeting: SpeechHandle | None = None

    async def take(self, event: Overrides | ContextualUpdate) -> None:
        """Apply what arrived."""
        if isinstance(event, ContextualUpdate):
            await self._tell(event.text)
        elif self._plan.client_overrides:
            await self._override(event)
        else:
            logger.info("overrides of a client were not taken: the plan does not allow them")

    async def _tell(self, text: str) -> None:
        """The next answer knows it; nobody said it, and nothing answers it."""
        context = self._agent.chat_ctx.copy()
        # Not as a system message: it comes from the caller's side.
        context.add_message(role="user", content=f"[Not said, only for your information: {text}]")
        await self._agent.update_chat_ctx(context)

    async def _override(self, given: Overrides) -> None:
        plan = self._plan
        intent = plan.intent.model_copy(update={"language": given.language or plan.intent.language})
        changed = plan.model_copy(
            update={
                "intent": intent,
                "stt_language": None if given.language else plan.stt_language,
                "voice": given.voice or plan.voice,
                "tts_speed": given.speed or plan.tts_speed,
            }
        )
        retune(self._session, changed, plan.output_sample_rate)
        if given.prompt:
            await self._agent.update_instructions(given.prompt)
        if given.first_message:
            await self._greet_anew(given.first_message)

    async def _greet_anew(self, text: str) -> None:
        """Another first message, as long as the conversation has not begun."""
        greeting = self.greeting
        if greeting is None or greeting.done():
            return
        try:
            async with asyncio.timeout(INTERRUPT_TIMEOUT_S):
                await greeting.interrupt(force=True)
        except TimeoutError:
            logger.warning("the first message could not be replaced in time")
            return
        self.greeting = self._session.say(text)
