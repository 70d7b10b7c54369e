"""One call from its plan to its end: starts the framework's session, watches over it, closes it in order."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from datetime import UTC, datetime

from livekit.agents.vad import VAD
from livekit.agents.voice.transcription import TranscriptSynchronizer

from speko_core.prompting import prompt
from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject
from speko_worker import frames
from speko_worker.actions import ToolActions
from speko_worker.background.mixer import Background
from speko_worker.callstate import CallState
from speko_worker.frames import EndReason, Hangup, UserMessage
from speko_worker.gateway import SessionApi
from speko_worker.handover import CallHandover
from speko_worker.listener import CallListener
from speko_worker.media.port import MediaTransport
from speko_worker.media.text_out import TranscriptSink
from speko_worker.outcome import Outcome
from speko_worker.pipeline import Sinks, build_session
from speko_worker.plugins import SpekoClient
from speko_worker.recorder import TurnRecorder
from speko_worker.records import Turn
from speko_worker.reporting import TurnReporter
from speko_worker.rules import lifetime_s
from speko_worker.steering import Steering
from speko_worker.supervision import interrupt, kept_alive, supervised
from speko_worker.tracing.trace import CallTrace

logger = logging.getLogger("speko.worker.session")

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
# A caller may hang up in mid-sentence: the closing waits this long for those words.
LAST_WORDS_S = 2.0


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
        background = Background(plan.audio, plan.output_sample_rate)
        media.play_under(background)
        actions = ToolActions(self._state, self._recorder, background, trace)
        self._session = build_session(plan, speko, vad, Sinks(self._recorder.on_leg, trace.on_call, actions.take))
        self._handover = actions.handover = CallHandover(plan, self._session, self._recorder, self._state)
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
            self._spawn(supervised(self._plan, self._session, self._state, self._media.playout), "supervise"),
            self._spawn(kept_alive(self._api), "heartbeat"),
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
        await interrupt(self._session, force=False)
        self._session.generate_reply(user_input=text, input_modality="text")
