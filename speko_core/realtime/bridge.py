"""One conversation between a caller's socket and a model, from the first frame to the last word in the database."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from speko_core.errors import SpekoError
from speko_core.prompting import prompt
from speko_core.providers.realtime import Greet, ToolResult
from speko_core.realtime import frames
from speko_core.realtime.caller import Caller
from speko_core.realtime.calls import Calls
from speko_core.realtime.chores import Chores
from speko_core.realtime.conversation import Conversation, open_conversation
from speko_core.realtime.endings import (
    BROKEN,
    DRAINED,
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
from speko_core.realtime.listener import Listener
from speko_core.realtime.metering import Allowance, Meter
from speko_core.realtime.playback import Playback
from speko_core.realtime.toolbox import Toolbox

logger = logging.getLogger(__name__)

# All candidates together have this long to take the conversation.
START_S: Final = 30.0
HEARTBEAT_S: Final = 2.0
LAST_S: Final = 10.0


class Bridge:
    """One conversation. `run` holds it to its end, `close` settles what is left; both are always called."""

    def __init__(self, life: Life, caller: Caller) -> None:
        realtime = life.plan.realtime
        assert realtime is not None
        self._life, self._caller, self._realtime = life, caller, realtime
        self._toolbox = Toolbox(life.deps, life.plan, realtime)
        self._scribe, self._chores = Scribe(life), Chores()
        self._rates = realtime.input_sample_rate, realtime.output_sample_rate
        self._ending = LEFT
        self._conversation: Conversation | None = None

    def drain(self) -> None:
        """The process is being stopped."""
        self._chores.end(DRAINED)

    def fail(self) -> None:
        """Something of ours went wrong: so the session ends."""
        self._ending = INTERNAL

    async def run(self) -> Ending:
        """Hold the conversation; tells the caller why it ended."""
        try:
            await self._begin()
            self._ending = await self._hold()
        except Over as over:
            self._ending = over.ending
        except SpekoError as error:
            self._ending = refused(error)
        await self._say_goodbye()
        return self._ending

    async def _begin(self) -> None:
        """Route, and wait until somebody has taken the conversation."""
        life = self._life
        conversation = await open_conversation(
            life.deps, life.principal, life.plan, self._realtime, self._toolbox.offered
        )
        self._conversation = conversation
        self._meter = Meter(life.deps, life.principal, self._rates, conversation.decision.id)
        self._allowance = Allowance(life.deps, life.principal, conversation.reservation)
        self._calls = Calls(self._toolbox, self._caller, conversation, self._chores)
        self._listener = Listener(
            conversation,
            self._caller,
            self._calls,
            self._scribe,
            self._meter,
            self._allowance,
            Playback(self._realtime.output_sample_rate),
            self._chores,
            life.deps.clock,
        )
        try:
            async with asyncio.timeout(START_S):
                await conversation.start()
        except TimeoutError:
            raise Over(BROKEN) from None

    async def _hold(self) -> Ending:
        assert self._conversation is not None
        await self._caller.send(frames.ready(*self._rates))
        await self._greet(self._conversation)
        tasks = [
            asyncio.create_task(work) for work in (self._hear(self._conversation), self._listener.run(), self._watch())
        ]
        try:
            await asyncio.wait({*tasks, self._chores.over}, return_when=asyncio.FIRST_COMPLETED)
            if self._chores.over.done():
                return self._chores.over.result()
            return await next(task for task in tasks if task.done())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _greet(self, conversation: Conversation) -> None:
        plan = self._life.plan
        if plan.first_message_mode == "say" and plan.first_message:
            instruction = prompt("realtime_opening").replace("{message}", plan.first_message)
            await conversation.tell(Greet(instruction, plan.first_message))
        elif plan.first_message_mode == "generate":
            await conversation.tell(Greet(prompt("greeting")))

    async def _hear(self, conversation: Conversation) -> Ending:
        """Pass on what the caller says, until it leaves."""
        while (frame := await self._caller.receive()) is not None:
            if len(frame) > frames.MAX_FRAME_BYTES:
                return TOO_BIG
            if isinstance(frame, bytes):
                self._meter.sent(frame)
                await conversation.tell(frame)
                continue
            match frames.read_frame(frame):
                case None:
                    continue
                case frames.Stop():
                    await self._listener.stop()
                case ToolResult() as result:
                    await self._calls.answered(result)
                case said:
                    await conversation.tell(said)
        return LEFT

    async def _watch(self) -> Ending:
        """Say that the session lives, until somebody ends it or its time is over."""
        now = self._life.deps.clock.now
        while (left_s := (self._life.expires_at - now()).total_seconds()) > 0:
            await asyncio.sleep(min(HEARTBEAT_S, left_s))
            try:
                if await self._life.beat() != "active":
                    return REQUESTED
            except (SpekoError, SQLAlchemyError):  # the next one may get through
                continue
        return TIME_OVER

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
        if self._conversation is not None:
            await self._last(self._settle(self._conversation))
        await self._last(self._scribe.aclose())
        await self._last(self._life.finish(self._ending))

    async def _settle(self, conversation: Conversation) -> None:
        self._calls.close()
        await self._chores.aclose(LAST_S)
        await conversation.aclose()
        self._allowance.release()
        await self._listener.close()

    async def _last(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except (SpekoError, SQLAlchemyError) as error:
            # Without its trace: a statement's parameters are what people said.
            logger.error("a realtime session could not be settled", extra={"kind": type(error).__name__})
