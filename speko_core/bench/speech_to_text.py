"""Measuring recognition: errors of words and characters, and the time from the end of speech to the final text.

A recording ends where its speaker stops. Models that hear live get it in real time and are asked for the final text at
that instant; the others get it whole at that instant. So both latencies mean the same.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from speko_core.audio import resample, wav_bytes
from speko_core.bench.distance import Score, compared
from speko_core.bench.items import Item, Recording
from speko_core.bench.measured import Answer, Metrics
from speko_core.bench.targets import Target
from speko_core.bench.texts import characters, counts_characters, words
from speko_core.oneshot.closing import closing
from speko_core.oneshot.usage import Units
from speko_core.providers.base import FailureKind, LiveSttAdapter, ProviderError, SttRequest, Transcript
from speko_core.routing.eligibility import LIVE

RATE: Final = 16_000
PIECE_S: Final = 0.1
FLUSH: Final = b""
LATENCY: Final = "end_of_speech_to_final_text"


@dataclass(frozen=True)
class SpeechToText:
    """Recognition in one language."""

    language: str

    def metrics(self) -> Metrics:
        """Words count, or characters where words are not written apart."""
        return Metrics(("cer", "wer") if counts_characters(self.language) else ("wer", "cer"), LATENCY)

    async def call(self, target: Target, item: Item) -> Answer:
        """Have one recording written down."""
        assert isinstance(item, Recording)
        text, waited_s = await heard(target, item, self.language)
        units = Units(audio_ms=round(item.duration_s * 1000))
        return Answer(text_scores(item.text, text, self.language), waited_s * 1000, units)


def text_scores(reference: str, text: str, language: str) -> dict[str, Score]:
    """Errors of words and of characters, both normalized."""
    return {
        "wer": compared(words(reference, language), words(text, language)),
        "cer": compared(characters(reference, language), characters(text, language)),
    }


def is_live(target: Target) -> bool:
    """True when the model is measured while somebody speaks."""
    return LIVE in target.offer.options and isinstance(target.provider.stt, LiveSttAdapter)


async def heard(target: Target, item: Recording, language: str) -> tuple[str, float]:
    """The text, and the seconds from the end of speech until it was final. Hearing nothing is an empty text.

    Raises:
        ProviderError: the call failed, or took longer than the recording explains.
    """
    call = _Call(target, item, language)
    try:
        async with asyncio.timeout(30.0 + 3 * item.duration_s):
            return await (call.live() if is_live(target) else call.whole())
    except TimeoutError:
        raise ProviderError(FailureKind.TIMEOUT, "no final text in time") from None
    except ProviderError as error:
        if error.kind is not FailureKind.EMPTY:
            raise
        return "", call.since_end_s()


@dataclass
class _Call:
    target: Target
    item: Recording
    language: str
    ended_at: float = math.inf
    finals: list[str] = field(default_factory=list)

    def since_end_s(self) -> float:
        return max(0.0, asyncio.get_running_loop().time() - self.ended_at)

    async def whole(self) -> tuple[str, float]:
        adapter = self.target.provider.stt
        assert adapter is not None
        request = self._request(self.item.pcm, self.item.sample_rate)
        self.ended_at = asyncio.get_running_loop().time()
        return await self._collected(adapter.transcribe(request, self.target.credential))

    async def live(self) -> tuple[str, float]:
        adapter = self.target.provider.stt
        assert isinstance(adapter, LiveSttAdapter)
        pcm = await asyncio.to_thread(resample, self.item.pcm, self.item.sample_rate, RATE)
        async with aclosing(self._spoken(pcm)) as audio:
            return await self._collected(adapter.listen(self._request(b"", RATE), audio, self.target.credential))

    async def _spoken(self, pcm: bytes) -> AsyncGenerator[bytes, None]:
        """Each piece at the time at which it would have been said, so that no piece is late because of another."""
        loop, step = asyncio.get_running_loop(), int(RATE * PIECE_S) * 2
        begun = loop.time()
        for start in range(0, len(pcm), step):
            piece = pcm[start : start + step]
            await asyncio.sleep(max(0.0, begun + (start + len(piece)) / 2 / RATE - loop.time()))
            yield piece
        self.ended_at = loop.time()
        yield FLUSH

    async def _collected(self, found: AsyncIterator[Transcript]) -> tuple[str, float]:
        waited_s = 0.0
        async with closing(found):
            async for transcript in found:
                if transcript.is_final and transcript.text.strip():
                    self.finals.append(transcript.text)
                    waited_s = self.since_end_s()
        # Text from before the end of speech is known to be all of it only when the stream ends.
        return " ".join(self.finals), waited_s or self.since_end_s()

    def _request(self, pcm: bytes, sample_rate: int) -> SttRequest:
        return SttRequest(
            model=self.target.model,
            language=self.language,
            body=wav_bytes(pcm, sample_rate),
            content_type="audio/wav",
            pcm=pcm,
            sample_rate=sample_rate,
        )
