"""Answering an utterance offline: recognized, answered by the sandbox's rules, spoken sentence by sentence."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from speko_core.audio import StreamResampler, wav_bytes
from speko_core.audio.utterances import RATE
from speko_core.ids import new_id
from speko_core.providers.base import (
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
from speko_core.providers.realtime import AnswerEnded, Consumed, RealtimeEvent, RealtimeRequest, Said, Sound, Speaker

TTS_RATE: Final = 24_000
HOPS: Final = 4


@dataclass(frozen=True)
class Parts:
    """What a conversation is made of, and the models that are asked for."""

    stt: SttAdapter
    llm: LlmAdapter
    tts: TtsAdapter
    stt_model: str
    llm_model: str
    tts_model_of: Callable[[str | None], str]


class Answers:
    """The answers of one conversation, and its memory."""

    def __init__(
        self, parts: Parts, request: RealtimeRequest, tell: Callable[[RealtimeEvent], Awaitable[None]]
    ) -> None:
        self._parts, self._request, self._tell = parts, request, tell
        self._messages: list[Message] = []
        self._results: dict[str, asyncio.Future[str]] = {}

    def result(self, call_id: str, output: str) -> None:
        """What a tool has answered."""
        waiting = self._results.pop(call_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(output)

    async def answer(self, pcm: bytes) -> None:
        """Answer what was said, if anything was."""
        text = await self._recognize(pcm)
        if text:
            await self._tell(Said("user", text, True, new_id("item")))
            self._messages.append(Message("user", text))
            await self._reply()

    async def greet(self, instruction: str, words: str | None) -> None:
        """Speak first."""
        if words is not None:
            self._messages.append(Message("assistant", words))
            await self._say(words)
            await self._tell(AnswerEnded())
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
        await self._tell(Consumed())
        await self._tell(AnswerEnded())

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
        await self._tell(call)
        self._messages.append(Message("tool", await waiting, tool_call_id=call.id))

    async def _say(self, text: str) -> None:
        """Sentence by sentence, each told before it is heard."""
        speaker: Speaker = "assistant"
        item, told = new_id("item"), ""
        resampler = StreamResampler(TTS_RATE, self._request.output_rate)
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            told = f"{told} {sentence}".strip()
            await self._tell(Said(speaker, told, False, item))
            async for pcm in self._speech(sentence):
                await self._tell(Sound(resampler.feed(pcm)))
        await self._tell(Said(speaker, told, True, item))

    async def _speech(self, sentence: str) -> AsyncGenerator[bytes, None]:
        if not re.search(r"\w", sentence):
            return
        voice = self._request.voice
        asked = TtsRequest(self._parts.tts_model_of(voice), self._request.language, sentence, voice)
        async for chunk in self._parts.tts.synthesize(asked, None):
            yield chunk.data
