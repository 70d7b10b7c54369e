"""Offline speech to speech: recognition, the sandbox's rules and a voice of this machine, in turn (RTE-17).

It takes turns by loudness alone, hears whole utterances, and understands English; it is there so that everything around
a realtime conversation can be tried without an account.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import Final

from speko_core.audio import StreamResampler
from speko_core.audio.utterances import RATE, Utterances
from speko_core.providers.base import Credential, FailureKind, ProviderError
from speko_core.providers.local.cascade_answers import Answers, Parts
from speko_core.providers.realtime import (
    AnswerEnded,
    Clear,
    Commit,
    Greet,
    Interrupt,
    Interrupted,
    Ready,
    RealtimeEvent,
    RealtimeInput,
    RealtimeRequest,
    ToolResult,
    UserSpeaks,
)

MODEL: Final = "cascade"
# Quiet that is kept in front of an utterance: the first sound of a word is soft.
LEAD_IN_BYTES: Final = RATE  # half a second
WAITING_EVENTS: Final = 64
TURN_S: Final = 60.0


class LocalCascade:
    """The `RealtimeAdapter` of this machine."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def converse(
        self, request: RealtimeRequest, inputs: AsyncIterator[RealtimeInput], credential: Credential | None
    ) -> AsyncGenerator[RealtimeEvent, None]:
        """See `RealtimeAdapter`."""
        talk = _Talk(self._parts, request)
        hearing = asyncio.create_task(talk.hear(inputs))
        try:
            yield Ready()
            while True:
                yield await talk.next()
        finally:
            hearing.cancel()
            talk.stop()
            await asyncio.gather(hearing, *talk.tasks, return_exceptions=True)


class _Talk:
    """One conversation. Of answers one at a time is being made."""

    def __init__(self, parts: Parts, request: RealtimeRequest) -> None:
        self._events: asyncio.Queue[RealtimeEvent | ProviderError] = asyncio.Queue(WAITING_EVENTS)
        self._resampler, self._gate = StreamResampler(request.input_rate, RATE), Utterances()
        self._spoken = bytearray()
        self._answers = Answers(parts, request, self._events.put)
        self._speaks = False
        self.tasks: set[asyncio.Task[None]] = set()

    async def next(self) -> RealtimeEvent:
        """What happens next.

        Raises:
            ProviderError: an engine failed.
        """
        event = await self._events.get()
        if isinstance(event, ProviderError):
            raise event
        return event

    def stop(self) -> bool:
        """Stop the answer that is being made; True when there was one."""
        running = [task for task in self.tasks if not task.done()]
        for task in running:
            task.cancel()
        return bool(running)

    # --- hearing ------------------------------------------------------------------------------------------------------

    async def hear(self, inputs: AsyncIterator[RealtimeInput]) -> None:
        """Take inputs as they come."""
        async for said in inputs:
            match said:
                case bytes():
                    await self._heard(self._resampler.feed(said))
                case Commit():
                    await self._turn()
                case Clear():
                    self._forget()
                case Interrupt():
                    if self.stop():
                        await self._events.put(AnswerEnded(cut=True))
                case Greet(instruction, words):
                    self._begin(self._answers.greet(instruction, words))
                case ToolResult(call_id, output):
                    self._answers.result(call_id, output)

    async def _heard(self, pcm: bytes) -> None:
        self._spoken += pcm
        ended = self._gate.heard(pcm)
        if self._gate.speaking and not self._speaks:
            await self._begins_to_speak()
        if ended:
            await self._turn()
        elif not self._gate.speaking:
            del self._spoken[:-LEAD_IN_BYTES]

    async def _begins_to_speak(self) -> None:
        self._speaks = True
        await self._events.put(UserSpeaks(True))
        if self.stop():
            await self._events.put(Interrupted())
            await self._events.put(AnswerEnded(cut=True))

    async def _turn(self) -> None:
        spoken = bytes(self._spoken)
        spoke = self._speaks or self._gate.spoke
        self._forget()
        if spoke:
            await self._events.put(UserSpeaks(False))
            self._begin(self._answers.answer(spoken))

    def _forget(self) -> None:
        self._spoken.clear()
        self._gate = Utterances()
        self._speaks = False

    def _begin(self, work: Awaitable[None]) -> None:
        self.stop()
        task = asyncio.create_task(self._guarded(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(TURN_S):
                await work
        except ProviderError as error:
            await self._events.put(error)
        except TimeoutError:
            await self._events.put(ProviderError(FailureKind.TIMEOUT, "a turn took too long"))
