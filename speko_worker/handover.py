"""Another agent goes on in a running call: with its instructions, its models and its voice."""

import asyncio
import logging

from livekit.agents import Agent, AgentSession, llm
from livekit.agents.voice import SpeechHandle

from speko_core.handover import Handover
from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject
from speko_worker.callstate import CallState
from speko_worker.pipeline import retune
from speko_worker.plugins import SpekoLLM
from speko_worker.recorder import TurnRecorder

logger = logging.getLogger("speko.worker.session")

# Longer than any sentence that says goodbye.
LAST_WORDS_S = 30.0


class CallHandover:
    """The handovers of one call. What they lead to is in the plan; nothing is decided here."""

    def __init__(
        self, plan: SessionPlan, session: AgentSession[None], recorder: TurnRecorder, state: CallState
    ) -> None:
        self._plan, self._session, self._recorder, self._state = plan, session, recorder, state
        self.agent = Agent(instructions=plan.system_prompt)
        self._asked: asyncio.Queue[Handover] = asyncio.Queue(maxsize=1)
        recorder.agent_id = plan.agent_id

    def ask(self, action: JsonObject) -> None:
        """A tool asked for a handover; the newest counts."""
        handover = Handover.of(action)
        if handover is None:
            return
        if self._asked.full():
            self._asked.get_nowait()
        self._asked.put_nowait(handover)

    async def next(self) -> None:
        """Wait for a handover and carry it out: the agent before ends its sentence in its own voice."""
        handover = await self._asked.get()
        speech = self._session.current_speech
        if speech is not None:
            await _ended(speech)
        await self._switch(handover)
        # Whoever interrupts is answered by the next agent as soon as they have finished.
        if speech is None or not speech.interrupted:
            self._answer(handover)

    async def _switch(self, handover: Handover) -> None:
        agent = self._plan.speaking(handover.agent_id)
        self._state.handovers += 1
        self._recorder.agent_id = agent.agent_id
        retune(self._session, agent, self._plan.output_sample_rate)
        if isinstance(self._session.llm, SpekoLLM):
            self._session.llm.speaker = self._speaker
        if handover.context_messages is not None:
            await self.agent.update_chat_ctx(_last_messages(self.agent.chat_ctx, handover.context_messages))
        await self.agent.update_instructions(agent.system_prompt)

    def _answer(self, handover: Handover) -> None:
        try:
            self._session.generate_reply(instructions=handover.note)
        except RuntimeError:
            logger.info("the call ended before the next agent spoke")

    def _speaker(self) -> JsonObject:
        """For the gateway, which offers the tools of the agent that speaks, and ends circles of handovers."""
        return {"agentId": self._recorder.agent_id, "handovers": self._state.handovers}


async def _ended(speech: SpeechHandle) -> None:
    try:
        async with asyncio.timeout(LAST_WORDS_S):
            await speech.wait_for_playout()
    except TimeoutError:
        logger.warning("the agent did not end its sentence in time")


def _last_messages(context: llm.ChatContext, limit: int) -> llm.ChatContext:
    """The end of the conversation: from the caller's last messages, `limit` of them, on."""
    items = context.copy(exclude_instructions=True).items
    asked = [at for at, item in enumerate(items) if isinstance(item, llm.ChatMessage) and item.role == "user"]
    return llm.ChatContext(items if len(asked) < limit else items[asked[-limit] :])
