"""One conversation between a caller's socket and a model: frames and audio, interruptions, tools, turns, usage.

Audio is handed on as it comes, one piece at a time: a caller that reads slowly slows the vendor down, and one that
takes nothing any more is let go.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from speko_core.errors import InsufficientCredits, SpekoError
from speko_core.prompting import prompt
from speko_core.providers.base import ToolCall
from speko_core.providers.realtime import (
    AnswerEnded,
    Consumed,
    Greet,
    Interrupt,
    Interrupted,
    RealtimeEvent,
    Recognized,
    Said,
    Sound,
    ToolResult,
    ToolsCancelled,
    UserSpeaks,
)
from speko_core.realtime import frames
from speko_core.realtime.conversation import Conversation, open_conversation
from speko_core.realtime.endings import (
    BROKEN,
    DRAINED,
    ENDED,
    INTERNAL,
    LEFT,
    REQUESTED,
    TIME_OVER,
    TOO_BIG,
    Ending,
    Over,
    refused,
)
from speko_core.realtime.life import Life, Scribe
from speko_core.realtime.metering import Allowance, Meter
from speko_core.realtime.playback import Playback
from speko_core.realtime.toolbox import CALLER_S, TOO_LATE, Toolbox
from speko_core.realtime.turns import TurnLog
from speko_core.types import JsonObject

logger = logging.getLogger(__name__)

# All candidates together have this long to take the conversation.
START_S: Final = 30.0
HEARTBEAT_S: Final = 2.0
# After `end_call` the model says goodbye; then the session ends, whether it did or not.
FAREWELL_S: Final = 20.0
LAST_S: Final = 10.0


class Caller(Protocol):
    """The caller's socket."""

    async def receive(self) -> str | bytes | None:
        """The next frame; None when the caller has left."""
        ...

    async def send(self, frame: JsonObject) -> None:
        """Send a frame.

        Raises:
            Over: the caller has left, or takes nothing any more.
        """
        ...

    async def play(self, pcm: bytes) -> None:
        """Send audio; as `send`."""
        ...


class Bridge:
    """One conversation. `run` holds it to its end, `close` settles what is left."""

    def __init__(self, life: Life, caller: Caller) -> None:
        realtime = life.plan.realtime
        assert realtime is not None
        self._life, self._caller, self._realtime = life, caller, realtime
        self._deps, self._clock = life.deps, life.deps.clock
        self._tools = Toolbox(life.deps, life.plan, realtime)
        self._turns, self._scribe = TurnLog(), Scribe(life)
        self._playback = Playback(realtime.output_sample_rate)
        self._over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._chores: set[asyncio.Task[None]] = set()
        self._asked: dict[str, asyncio.TimerHandle] = {}
        self._answering = self._leaving = False
        self._ending = LEFT
        self._conversation: Conversation | None = None
        self._meter: Meter | None = None

    def drain(self) -> None:
        """The process is being stopped."""
        self._end(DRAINED)

    def fail(self) -> None:
        """Something of ours went wrong: so the session ends."""
        self._ending = INTERNAL

    def _end(self, ending: Ending) -> None:
        if not self._over.done():
            self._over.set_result(ending)

    async def run(self) -> Ending:
        """Hold the conversation; tells the caller why it ended."""
        try:
            self._ending = await self._hold()
        except Over as over:
            self._ending = over.ending
        except SpekoError as error:
            self._ending = refused(error)
        await self._say_goodbye()
        return self._ending

    async def _hold(self) -> Ending:
        conversation = await self._begin()
        rates = (self._realtime.input_sample_rate, self._realtime.output_sample_rate)
        await self._caller.send(frames.ready(*rates))
        await self._greet(conversation)
        tasks = [
            asyncio.create_task(work)
            for work in (self._hear(conversation), self._listen(conversation), self._watch(conversation))
        ]
        try:
            await asyncio.wait({*tasks, self._over}, return_when=asyncio.FIRST_COMPLETED)
            if self._over.done():
                return self._over.result()
            return await next(task for task in tasks if task.done())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self) -> Conversation:
        """Route, and wait until somebody has taken the conversation."""
        life = self._life
        conversation = await open_conversation(
            self._deps, life.principal, life.plan, self._realtime, self._tools.offered
        )
        self._conversation = conversation
        rates = (self._realtime.input_sample_rate, self._realtime.output_sample_rate)
        self._meter = Meter(self._deps, life.principal, rates, conversation.decision.id)
        self._allowance = Allowance(self._deps, life.principal, conversation.reservation)
        try:
            async with asyncio.timeout(START_S):
                await conversation.start()
        except TimeoutError:
            raise Over(BROKEN) from None
        return conversation

    async def _greet(self, conversation: Conversation) -> None:
        plan = self._life.plan
        if plan.first_message_mode == "say" and plan.first_message:
            instruction = prompt("realtime_opening").replace("{message}", plan.first_message)
            await conversation.tell(Greet(instruction, plan.first_message))
        elif plan.first_message_mode == "generate":
            await conversation.tell(Greet(prompt("greeting")))

    # --- from the caller ----------------------------------------------------------------------------------------------

    async def _hear(self, conversation: Conversation) -> Ending:
        while (frame := await self._caller.receive()) is not None:
            if len(frame) > frames.MAX_FRAME_BYTES:
                return TOO_BIG
            if isinstance(frame, bytes):
                self._metered.sent(frame)
                await conversation.tell(frame)
            else:
                await self._obey(conversation, frames.read_frame(frame))
        return LEFT

    async def _obey(self, conversation: Conversation, said: frames.CallerFrame | None) -> None:
        match said:
            case None:
                return
            case frames.Stop():
                heard_ms = self._playback.heard_ms(self._clock.monotonic())
                self._playback.stop(self._clock.monotonic())
                await conversation.tell(Interrupt(heard_ms))
            case ToolResult(call_id):
                if (timer := self._asked.pop(call_id, None)) is not None:
                    timer.cancel()
                    await conversation.tell(said)
            case _:
                await conversation.tell(said)

    # --- from the model -----------------------------------------------------------------------------------------------

    async def _listen(self, conversation: Conversation) -> Ending:
        async for event in conversation.events():
            await self._on(conversation, event)
        return BROKEN

    async def _on(self, conversation: Conversation, event: RealtimeEvent) -> None:
        match event:
            case Sound(pcm):
                await self._play(pcm)
            case Said():
                await self._tell(event)
            case UserSpeaks(speaks):
                self._turns.user_speaks(speaks, self._clock.now())
                if speaks:
                    await self._cut(conversation)
            case Interrupted():
                await self._cut(conversation)
            case ToolCall():
                await self._call(conversation, event)
            case ToolsCancelled(call_ids):
                for call_id in call_ids:
                    if (timer := self._asked.pop(call_id, None)) is not None:
                        timer.cancel()
            case AnswerEnded(cut):
                self._answered(conversation, cut)
            case Consumed():
                await self._caller.send(frames.usage(event))
                self._spawn(self._charge(conversation, event))
            case Recognized():
                self._spawn(self._metered.recognized(conversation.current, event))

    async def _play(self, pcm: bytes) -> None:
        if not pcm:
            return
        self._answering = True
        self._turns.agent_speaks(self._clock.now())
        self._metered.came(pcm)
        self._playback.add(pcm, self._clock.monotonic())
        await self._caller.play(pcm)

    async def _tell(self, said: Said) -> None:
        if said.speaker == "user":
            turn = self._turns.user_said(said, self._clock.now())
            if turn is not None:
                self._scribe.put(turn)
        else:
            self._answering = True
            self._turns.agent_said(said, self._clock.now())
            if said.is_final:
                self._metered.spoke(said.text)
        await self._caller.send(frames.transcript(said))

    async def _cut(self, conversation: Conversation) -> None:
        """The user speaks while an answer is made or played: the model is told how much of it was heard."""
        now = self._clock.monotonic()
        if not self._answering and not self._playback.remaining_s(now):
            return
        heard_ms, self._answering = self._playback.heard_ms(now), False
        self._playback.stop(now)
        await self._caller.send(frames.interruption())
        await conversation.tell(Interrupt(heard_ms, told=True))

    def _answered(self, conversation: Conversation, cut: bool) -> None:
        spoke, self._answering = self._answering, False
        self._playback.begin()
        who = conversation.current
        turn = self._turns.answer_ended(cut, self._clock.now(), who.vendor, who.model)
        if turn is not None:
            self._scribe.put(turn)
        if self._leaving and spoke:
            self._spawn(self._leave(self._playback.remaining_s(self._clock.monotonic())))

    # --- tools --------------------------------------------------------------------------------------------------------

    async def _call(self, conversation: Conversation, call: ToolCall) -> None:
        self._turns.called(call)
        if self._tools.runs_here(call):
            await self._caller.send(frames.server_tool_call(call, "started"))
            self._spawn(self._run(conversation, call))
        elif self._tools.is_known(call):
            self._asked[call.id] = asyncio.get_running_loop().call_later(
                CALLER_S, lambda: self._spawn(self._give_up(conversation, call.id))
            )
            await self._caller.send(frames.tool_call(call))
        else:
            await conversation.tell(ToolResult(call.id, f"There is no tool {call.name[:64]}."))

    async def _run(self, conversation: Conversation, call: ToolCall) -> None:
        outcome = await self._tools.run(call)
        await self._caller.send(frames.server_tool_call(call, "failed" if outcome.failed else "completed"))
        if outcome.action is not None and outcome.action.get("type") == "end_call":
            # An answer that is being made is the one with the call in it: the farewell comes after it.
            self._answering, self._leaving = False, True
            self._spawn(self._leave(FAREWELL_S))
        await conversation.tell(ToolResult(call.id, outcome.text))

    async def _give_up(self, conversation: Conversation, call_id: str) -> None:
        if self._asked.pop(call_id, None) is not None:
            await conversation.tell(ToolResult(call_id, TOO_LATE))

    async def _leave(self, after_s: float) -> None:
        await asyncio.sleep(min(after_s, FAREWELL_S))
        self._end(ENDED)

    # --- beside the conversation --------------------------------------------------------------------------------------

    @property
    def _metered(self) -> Meter:
        assert self._meter is not None
        return self._meter

    async def _charge(self, conversation: Conversation, consumed: Consumed) -> None:
        await self._metered.answered(conversation.current, consumed)
        try:
            self._allowance.renew(conversation.current)
        except InsufficientCredits as error:
            raise Over(refused(error)) from None

    async def _watch(self, conversation: Conversation) -> Ending:
        """Say that the session lives, until somebody ends it or its time is over."""
        while (left_s := (self._life.expires_at - self._clock.now()).total_seconds()) > 0:
            await asyncio.sleep(min(HEARTBEAT_S, left_s))
            try:
                if await self._life.beat() != "active":
                    return REQUESTED
            except (SpekoError, SQLAlchemyError):  # the next one may get through
                continue
        return TIME_OVER

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Do something beside the conversation; if it cannot be done, the conversation ends."""
        task = asyncio.create_task(self._guarded(work))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Over as over:
            self._end(over.ending)
        except SpekoError as error:
            self._end(refused(error))

    # --- the end ------------------------------------------------------------------------------------------------------

    async def _say_goodbye(self) -> None:
        ending = self._ending
        if ending is LEFT:
            return
        try:
            if ending.code is not None:
                await self._caller.send(frames.error(ending.code, ending.message))
            await self._caller.send(frames.end(ending.reason))
        except Over:
            return

    async def close(self) -> None:
        """End the conversation at the vendor; store turns, usage and the session's end, each whatever else fails."""
        for timer in self._asked.values():
            timer.cancel()
        await self._last(self._settle())
        await self._last(self._scribe.aclose())
        await self._last(self._life.finish(self._ending))

    async def _settle(self) -> None:
        if self._chores:
            _, late = await asyncio.wait(self._chores, timeout=1.0 if self._leaving else LAST_S)
            for task in late:
                task.cancel()
        conversation = self._conversation
        if conversation is None:
            return
        await conversation.aclose()
        self._allowance.release()
        who, now = conversation.current, self._clock.now()
        if (turn := self._turns.answer_ended(True, now, who.vendor, who.model)) is not None:
            self._scribe.put(turn)
        await self._metered.close(who)

    async def _last(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except (SpekoError, SQLAlchemyError):
            logger.exception("a realtime session could not be settled")
