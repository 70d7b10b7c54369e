"""One call from claim to finish: drives the framework's session as its plan says and tells the caller about it."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime

from livekit.agents import (
    Agent,
    AgentStateChangedEvent,
    CloseEvent,
    CloseReason,
    ConversationItemAddedEvent,
    ErrorEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
)
from livekit.agents.vad import VAD
from livekit.agents.voice.transcription import TranscriptSynchronizer

from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject
from speko_worker import frames
from speko_worker.errors import MESSAGES, ErrorBudget
from speko_worker.frames import EndReason, Hangup
from speko_worker.gateway import GatewayError, SessionApi
from speko_worker.media.port import MediaTransport
from speko_worker.media.text_out import TranscriptSink
from speko_worker.pipeline import build_session
from speko_worker.plugins import SpekoClient
from speko_worker.plugins.legs import LegName
from speko_worker.prompts import prompt
from speko_worker.recorder import TurnRecorder
from speko_worker.records import Turn
from speko_worker.reporting import TurnReporter
from speko_worker.rules import AgentState, Snapshot, lifetime_s, next_action

logger = logging.getLogger("speko.worker.session")

HEARTBEAT_S = 5.0
TICK_S = 0.1
START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
INTERRUPT_TIMEOUT_S = 5.0
MAX_UNSTICKS = 3

_SHOWN_STATES: dict[str, AgentState] = {"listening": "listening", "thinking": "thinking", "speaking": "speaking"}
_LEGS: dict[str, LegName] = {"stt_error": "stt", "llm_error": "llm", "tts_error": "tts"}
_CLOSED = frozenset({"ended", "failed", "expired"})


@dataclass(frozen=True)
class Outcome:
    """How a call ended; `error` is a machine code."""

    reason: EndReason
    error: str | None = None

    @property
    def status(self) -> str:
        """The session's final status."""
        return "failed" if self.reason is EndReason.ERROR else "ended"


class CallSession:
    """Runs one call. `run` returns once everything but the reporting is closed; `stop` ends it from outside."""

    def __init__(
        self,
        plan: SessionPlan,
        media: MediaTransport,
        api: SessionApi,
        reporter: TurnReporter,
        speko: SpekoClient,
        vad: VAD,
    ) -> None:
        self._plan = plan
        self._media = media
        self._api = api
        self._reporter = reporter
        self._recorder = TurnRecorder(self._on_turn)
        self._session = build_session(plan, speko, vad, self._recorder.on_leg)
        self._synchronizer = TranscriptSynchronizer(
            next_in_chain_audio=media.audio_output, next_in_chain_text=TranscriptSink(media.send)
        )
        self._ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._errors = ErrorBudget()
        self._segments = 0
        self._agent: AgentState = "listening"
        self._agent_since = time.monotonic()
        self._user_speaking = False
        self._quiet_since: float | None = None
        self._prompts_said = 0
        self._unsticks = 0
        self._ends_at = time.monotonic() + lifetime_s(plan, datetime.now(UTC))

    def stop(self, reason: EndReason) -> None:
        """Ask the call to end; the first reason counts."""
        self._end(Outcome(reason))

    async def run(self) -> Outcome:
        """Carry out the call; never raises except on cancellation, which ends the call first."""
        outcome = Outcome(EndReason.DRAIN)
        try:
            outcome = await self._conduct()
        except Exception:  # the edge of a call: a bug ends this one and is logged, the worker goes on
            logger.exception("call failed")
            outcome = Outcome(EndReason.ERROR, "WORKER_ERROR")
        finally:
            await self._close(outcome)
        return outcome

    async def _conduct(self) -> Outcome:
        self._media.send(self._ready_frame())
        async with asyncio.timeout(START_TIMEOUT_S):
            await self._start()
        tasks = [
            self._spawn(self._watch_caller(), "caller"),
            self._spawn(self._supervise(), "supervise"),
            self._spawn(self._heartbeats(), "heartbeat"),
        ]
        try:
            done, _ = await asyncio.wait({self._ended, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, Outcome], name: str) -> asyncio.Task[Outcome]:
        return asyncio.create_task(work, name=f"speko.call.{name}")

    def _ready_frame(self) -> JsonObject:
        return {
            "type": "ready",
            "sessionId": self._plan.session_id,
            "agentName": self._plan.agent_name,
            "inputSampleRate": self._plan.input_sample_rate,
            "outputSampleRate": self._plan.output_sample_rate,
            "sandbox": self._plan.mode == "test",
        }

    # --- starting and closing -----------------------------------------------------------------------------------------

    async def _start(self) -> None:
        session = self._session
        session.on("agent_state_changed", self._on_agent_state)
        session.on("user_state_changed", self._on_user_state)
        session.on("user_input_transcribed", self._on_words)
        session.on("conversation_item_added", self._on_item)
        session.on("error", self._on_error)
        session.on("close", self._on_close)
        session.input.audio = self._media.audio_input
        session.output.audio = self._synchronizer.audio_output
        session.output.transcription = self._synchronizer.text_output
        await session.start(Agent(instructions=self._plan.system_prompt), record=False)
        self._note_quiet()
        self._open()

    def _open(self) -> None:
        mode, text = self._plan.first_message_mode, self._plan.first_message
        if mode == "say" and text:
            self._session.say(text)
        elif mode == "generate":
            self._session.generate_reply(instructions=prompt("greeting"))

    async def _close(self, outcome: Outcome) -> None:
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._session.aclose()
                await self._synchronizer.aclose()
        except TimeoutError:
            logger.warning("the session did not close in time")
        finally:
            self._media.send(frames.end(outcome.reason))
            await self._media.close(frames.CLOSE_CODES[outcome.reason])

    def _end(self, outcome: Outcome) -> None:
        if not self._ended.done():
            self._ended.set_result(outcome)

    # --- what runs beside the conversation ----------------------------------------------------------------------------

    async def _watch_caller(self) -> Outcome:
        async for event in self._media.events():
            if isinstance(event, Hangup):
                break
            await self._answer_typed(event.text)
        return Outcome(EndReason.USER)

    async def _answer_typed(self, text: str) -> None:
        self._recorder.on_typed()
        self._heard_something()
        await self._interrupt(force=False)
        self._session.generate_reply(user_input=text, input_modality="text")

    async def _interrupt(self, *, force: bool) -> None:
        try:
            async with asyncio.timeout(INTERRUPT_TIMEOUT_S):
                await self._session.interrupt(force=force)
        except RuntimeError:
            logger.info("the present speech may not be interrupted")
        except TimeoutError:
            logger.warning("interrupting took too long")

    async def _supervise(self) -> Outcome:
        while True:
            await asyncio.sleep(TICK_S)
            action = next_action(self._snapshot(), self._plan)
            if action == "end_timeout":
                return Outcome(EndReason.TIMEOUT)
            if action == "end_idle":
                return Outcome(EndReason.AGENT)
            if action == "say_prompt":
                self._say_prompt()
            elif action == "unstick" and not await self._unstick():
                return Outcome(EndReason.ERROR, "AGENT_STUCK")

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            now=time.monotonic(),
            ends_at=self._ends_at,
            agent=self._agent,
            agent_since=self._agent_since,
            user_speaking=self._user_speaking,
            quiet_since=self._quiet_since,
            prompts_said=self._prompts_said,
            stalled_since=self._media.playout.is_stalled_since,
        )

    def _say_prompt(self) -> None:
        text = self._plan.idle.prompts[self._prompts_said]
        self._prompts_said += 1
        # The agent's own speech restarts the count once it is over.
        self._quiet_since = None
        self._session.say(text)

    async def _unstick(self) -> bool:
        self._unsticks += 1
        logger.warning("agent produces nothing", extra={"agent_state": self._agent, "times": self._unsticks})
        if self._unsticks > MAX_UNSTICKS:
            return False
        self._agent_since = time.monotonic()
        await self._interrupt(force=True)
        self._session.generate_reply()
        return True

    async def _heartbeats(self) -> Outcome:
        while True:
            try:
                status = await self._api.heartbeat()
            except GatewayError as failure:
                if failure.is_final:
                    return Outcome(EndReason.ERROR, "SESSION_LOST")
            else:
                if status == "ending":
                    return Outcome(EndReason.AGENT)
                if status in _CLOSED:
                    return Outcome(EndReason.ERROR, "SESSION_LOST")
            await asyncio.sleep(HEARTBEAT_S)

    # --- what the framework reports -----------------------------------------------------------------------------------

    def _on_agent_state(self, event: AgentStateChangedEvent) -> None:
        state = _SHOWN_STATES.get(event.new_state)
        if state is None:
            return
        self._agent, self._agent_since = state, time.monotonic()
        if state == "speaking":
            self._errors.worked("llm", "tts")
        self._note_quiet()
        self._media.send(frames.state(state))

    def _on_user_state(self, event: UserStateChangedEvent) -> None:
        self._user_speaking = event.new_state == "speaking"
        if event.old_state == "speaking":
            self._recorder.on_silence()
        self._note_quiet()

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        if not event.transcript:
            return
        self._errors.worked("stt")
        self._heard_something()
        segment = f"user-{self._segments}"
        self._segments += event.is_final
        self._media.send(frames.transcript("user", segment, event.transcript, is_final=event.is_final))

    def _on_item(self, event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage):
            self._recorder.on_item(event.item)

    def _on_turn(self, turn: Turn) -> None:
        wire = turn.to_wire()
        self._reporter.add(wire)
        self._media.send({"type": "turn", **wire})

    def _on_error(self, event: ErrorEvent) -> None:
        failure = event.error
        leg = _LEGS.get(getattr(failure, "type", ""))
        if leg is None or getattr(failure, "recoverable", True):
            return
        code, message = MESSAGES[leg]
        logger.warning("leg failed", extra={"leg": leg})
        self._media.send(frames.error(code, message))
        if self._errors.failed(leg):
            self._end(Outcome(EndReason.ERROR, code))

    def _on_close(self, event: CloseEvent) -> None:
        if event.reason is CloseReason.ERROR:
            self._end(Outcome(EndReason.ERROR, "AGENT_FAILED"))

    def _heard_something(self) -> None:
        self._prompts_said = 0
        self._unsticks = 0
        if self._quiet_since is not None:
            self._quiet_since = time.monotonic()

    def _note_quiet(self) -> None:
        if self._agent != "listening" or self._user_speaking:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = time.monotonic()
