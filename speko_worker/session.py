"""One call from its plan to its end: starts the framework's session, watches over it, closes it in order."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime

from livekit.agents.vad import VAD
from livekit.agents.voice.transcription import TranscriptSynchronizer

from speko_core.handover import ACTION as HANDOVER
from speko_core.prompting import prompt
from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject
from speko_worker import frames
from speko_worker.background.mixer import Background
from speko_worker.callstate import CallState
from speko_worker.frames import EndReason, Hangup, UserMessage
from speko_worker.gateway import GatewayError, SessionApi
from speko_worker.handover import CallHandover
from speko_worker.journal import End
from speko_worker.listener import CallListener
from speko_worker.media.port import MediaTransport
from speko_worker.media.text_out import TranscriptSink
from speko_worker.pipeline import Sinks, build_session
from speko_worker.plugins import SpekoClient
from speko_worker.recorder import TurnRecorder
from speko_worker.records import Turn
from speko_worker.reporting import TurnReporter
from speko_worker.rules import lifetime_s, next_action
from speko_worker.steering import Steering
from speko_worker.tracing.trace import CallTrace

logger = logging.getLogger("speko.worker.session")

HEARTBEAT_S = 5.0
TICK_S = 0.1
START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
INTERRUPT_TIMEOUT_S = 5.0
# A caller may hang up in mid-sentence: the closing waits this long for those words.
LAST_WORDS_S = 2.0
MAX_UNSTICKS = 3

_CLOSED = frozenset({"ended", "failed", "expired"})


@dataclass(frozen=True)
class Outcome:
    """How a call ended; `error` is a machine code."""

    reason: EndReason
    error: str | None = None

    @property
    def end(self) -> End:
        """What the session's record says of it."""
        return End("failed" if self.reason is EndReason.ERROR else "ended", self.reason.value, self.error)


class CallSession:
    """Runs one call. `run` returns when the caller is disconnected; `stop` ends it from outside."""

    def __init__(
        self,
        plan: SessionPlan,
        media: MediaTransport,
        api: SessionApi,
        reporter: TurnReporter,
        speko: SpekoClient,
        vad: VAD,
        trace: CallTrace,
    ) -> None:
        self._plan = plan
        self._trace = trace
        self._media = media
        self._api = api
        self._reporter = reporter
        self._recorder = TurnRecorder(self._on_turn)
        self._state = CallState(ends_at=time.monotonic() + lifetime_s(plan, datetime.now(UTC)))
        self._listener = CallListener(self._state, self._recorder, media.send, self._fail)
        self._session = build_session(plan, speko, vad, Sinks(self._recorder.on_leg, trace.on_call, self._on_action))
        self._background = Background(plan.audio, plan.output_sample_rate)
        media.play_under(self._background)
        self._handover = CallHandover(plan, self._session, self._recorder, self._state)
        self._steering = Steering(plan, self._session, self._handover.agent)
        self._synchronizer = TranscriptSynchronizer(
            next_in_chain_audio=media.audio_output, next_in_chain_text=TranscriptSink(media.send)
        )
        self._ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

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
            self._spawn(self._hand_over(), "handover"),
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

    @property
    def _greets(self) -> bool:
        mode = self._plan.first_message_mode
        return mode == "generate" or (mode == "say" and bool(self._plan.first_message))

    def _ready_frame(self) -> JsonObject:
        return {
            "type": "ready",
            "sessionId": self._plan.session_id,
            "agentName": self._plan.agent_name,
            "inputSampleRate": self._plan.input_sample_rate,
            "outputSampleRate": self._plan.output_sample_rate,
            "sandbox": self._plan.offline,
            "background": self._plan.audio.has_sounds,
            "greets": self._greets,
        }

    async def _start(self) -> None:
        session = self._session
        self._listener.attach(session)
        session.input.audio = self._media.audio_input
        session.output.audio = self._synchronizer.audio_output
        session.output.transcription = self._synchronizer.text_output
        await session.start(self._handover.agent, record=False)
        self._state.begin()
        mode, text = self._plan.first_message_mode, self._plan.first_message
        if mode == "say" and text:
            self._steering.greeting = session.say(text)
        elif mode == "generate":
            self._steering.greeting = session.generate_reply(instructions=prompt("greeting"))

    async def _close(self, outcome: Outcome) -> None:
        # Words may be on their way only if the caller spoke since the last transcript.
        self._session.options.session_close_transcript_timeout = LAST_WORDS_S if self._state.awaiting_words else 0.0
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

    def _fail(self, code: str) -> None:
        self._end(Outcome(EndReason.ERROR, code))

    def _on_turn(self, turn: Turn) -> None:
        wire = turn.to_wire()
        self._reporter.add(wire)
        self._trace.on_turn(turn)
        self._media.send({"type": "turn", **wire})

    def _on_action(self, action: JsonObject) -> None:
        """A tool was called, or asks something of the call; transfers are carried out where the phone leg is."""
        if action.get("type") == "end_call":
            self._state.asked_to_end()
        elif action.get("type") == HANDOVER:
            self._handover.ask(action)
        elif action.get("type") == "tool_called":
            self._recorder.on_tool_called(str(action["name"]), str(action["args"]))
            self._background.tool_started(str(action["id"]), str(action["name"]))
            self._trace.on_tool_started(str(action["id"]), str(action["name"]))
        elif action.get("type") == "tool_ended":
            self._background.tool_ended(str(action["id"]))
            self._trace.on_tool_ended(str(action["id"]), failed=bool(action["failed"]))

    async def _hand_over(self) -> Outcome:
        while True:
            await self._handover.next()

    async def _watch_caller(self) -> Outcome:
        async for event in self._media.events():
            if isinstance(event, Hangup):
                break
            if isinstance(event, UserMessage):
                await self._answer_typed(event.text)
            else:
                await self._steering.take(event)
        return Outcome(EndReason.USER)

    async def _answer_typed(self, text: str) -> None:
        self._recorder.on_typed()
        self._state.heard()
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
            action = next_action(self._state.snapshot(self._media.playout.is_stalled_since), self._plan)
            if action == "end_timeout":
                return Outcome(EndReason.TIMEOUT)
            if action in ("end_idle", "end_said"):
                return Outcome(EndReason.AGENT)
            if action == "say_prompt":
                self._session.say(self._plan.idle.prompts[self._state.prompted()])
            elif action == "unstick" and not await self._unstick():
                return Outcome(EndReason.ERROR, "AGENT_STUCK")

    async def _unstick(self) -> bool:
        times = self._state.unstuck()
        logger.warning("agent produces nothing", extra={"agent_state": self._state.agent, "times": times})
        if times > MAX_UNSTICKS:
            return False
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
                status = "unknown"
            if status == "ending":
                return Outcome(EndReason.AGENT)
            if status in _CLOSED:
                return Outcome(EndReason.ERROR, "SESSION_LOST")
            await asyncio.sleep(HEARTBEAT_S)
