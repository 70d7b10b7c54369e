"""Offline speech to speech: recognition, the sandbox's rules and a voice of this machine, in turn (RTE-17).

It takes turns by loudness alone, hears whole utterances, and understands English; it is there so that everything around
a realtime conversation can be tried without an account.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from speko_core.audio import StreamResampler, wav_bytes
from speko_core.audio.utterances import RATE, Utterances
from speko_core.ids import new_id
from speko_core.providers.base import (
    Credential,
    FailureKind,
    LlmAdapter,
    LlmRequest,
    Message,
    ProviderError,
    SttAdapter,
    SttRequest,
    TextDelta,
    ToolCall,
    TtsAdapter,
    TtsRequest,
)
from speko_core.providers.realtime import (
    AnswerEnded,
    Clear,
    Commit,
    Consumed,
    Greet,
    Interrupt,
    Interrupted,
    Ready,
    RealtimeEvent,
    RealtimeInput,
    RealtimeRequest,
    Said,
    Sound,
    Speaker,
    ToolResult,
    UserSpeaks,
)

MODEL: Final = "cascade"
TTS_RATE: Final = 24_000
# Quiet that is kept in front of an utterance: the first sound of a word is soft.
LEAD_IN_BYTES: Final = RATE  # half a second
WAITING_EVENTS: Final = 64
HOPS: Final = 4
TURN_S: Final = 60.0


@dataclass(frozen=True)
class Parts:
    """What a conversation is made of, and the models that are asked for."""

    stt: SttAdapter
    llm: LlmAdapter
    tts: TtsAdapter
    stt_model: str
    llm_model: str
    tts_model_of: Callable[[str | None], str]


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
        self._parts, self._request = parts, request
        self._events: asyncio.Queue[RealtimeEvent | ProviderError] = asyncio.Queue(WAITING_EVENTS)
        self._resampler, self._gate = StreamResampler(request.input_rate, RATE), Utterances()
        self._spoken = bytearray()
        self._messages: list[Message] = []
        self._results: dict[str, asyncio.Future[str]] = {}
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
                    self._begin(self._greet(instruction, words))
                case ToolResult(call_id, output):
                    if (waiting := self._results.pop(call_id, None)) is not None and not waiting.done():
                        waiting.set_result(output)

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
            self._begin(self._answer(spoken))

    def _forget(self) -> None:
        self._spoken.clear()
        self._gate = Utterances()
        self._speaks = False

    # --- answering ----------------------------------------------------------------------------------------------------

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

    async def _answer(self, pcm: bytes) -> None:
        text = await self._recognize(pcm)
        if text:
            await self._events.put(Said("user", text, True, new_id("item")))
            self._messages.append(Message("user", text))
            await self._reply()

    async def _greet(self, instruction: str, words: str | None) -> None:
        if words is not None:
            self._messages.append(Message("assistant", words))
            await self._say(words)
            await self._events.put(AnswerEnded())
        else:
            self._messages.append(Message("system", instruction))
            await self._reply()

    async def _recognize(self, pcm: bytes) -> str:
        whole = SttRequest(self._parts.stt_model, self._request.language, wav_bytes(pcm, RATE), "audio/wav", pcm, RATE)
        try:
            found = [heard.text async for heard in self._parts.stt.transcribe(whole, None) if heard.is_final]
        except ProviderError as error:
            if error.kind is FailureKind.EMPTY:  # noise
                return ""
            raise
        return " ".join(found).strip()

    async def _reply(self) -> None:
        for _ in range(HOPS):
            text, calls = await self._think()
            if text:
                await self._say(text)
            self._messages.append(Message("assistant", text, calls))
            if not calls:
                break
            await asyncio.gather(*map(self._call, calls))
        await self._events.put(Consumed())
        await self._events.put(AnswerEnded())

    async def _think(self) -> tuple[str, tuple[ToolCall, ...]]:
        asked = LlmRequest(
            self._parts.llm_model,
            self._request.language,
            tuple(self._messages),
            self._request.instructions or None,
            tools=self._request.tools,
        )
        texts: list[str] = []
        calls: list[ToolCall] = []
        async for event in self._parts.llm.complete(asked, None):
            if isinstance(event, TextDelta):
                texts.append(event.text)
            elif isinstance(event, ToolCall):
                calls.append(event)
        return "".join(texts).strip(), tuple(calls)

    async def _call(self, call: ToolCall) -> None:
        waiting = self._results[call.id] = asyncio.get_running_loop().create_future()
        await self._events.put(call)
        self._messages.append(Message("tool", await waiting, tool_call_id=call.id))

    async def _say(self, text: str) -> None:
        """Sentence by sentence, each told before it is heard."""
        speaker: Speaker = "assistant"
        item, told = new_id("item"), ""
        resampler = StreamResampler(TTS_RATE, self._request.output_rate)
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            told = f"{told} {sentence}".strip()
            await self._events.put(Said(speaker, told, False, item))
            async for pcm in self._speech(sentence):
                await self._events.put(Sound(resampler.feed(pcm)))
        await self._events.put(Said(speaker, told, True, item))

    async def _speech(self, sentence: str) -> AsyncGenerator[bytes, None]:
        if not re.search(r"\w", sentence):
            return
        voice = self._request.voice
        asked = TtsRequest(self._parts.tts_model_of(voice), self._request.language, sentence, voice)
        async for chunk in self._parts.tts.synthesize(asked, None):
            yield chunk.data
