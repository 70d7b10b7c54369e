"""Measuring synthesis: time to the first audio, and how well one recognizer understands what was said.

The recognizer is the same for all candidates and its own errors are in every rate, so rates only compare.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from speko_core.audio import decode_audio
from speko_core.bench.items import Item, Phrase, Recording
from speko_core.bench.measured import Answer, Metrics
from speko_core.bench.speech_to_text import heard, text_scores
from speko_core.bench.targets import Target
from speko_core.errors import InvalidInput
from speko_core.oneshot.closing import closing
from speko_core.oneshot.synthesize import default_voice
from speko_core.oneshot.usage import Units
from speko_core.providers.base import FailureKind, ProviderError, TtsRequest

TIMEOUT_S: Final = 60.0
LATENCY: Final = "time_to_first_audio"


@dataclass(frozen=True)
class TextToSpeech:
    """Synthesis in one language, understood by one recognizer."""

    language: str
    recognizer: Target

    def metrics(self) -> Metrics:
        """Characters count: what was heard of them on the way back."""
        return Metrics(("round_trip_cer", "round_trip_wer"), LATENCY)

    async def call(self, target: Target, item: Item) -> Answer:
        """Have one text spoken, and written down again; only the speaking is timed."""
        assert isinstance(item, Phrase)
        spoken, waited_s = await self._spoken(target, item)
        text, _ = await heard(self.recognizer, spoken, self.language)
        scores = text_scores(item.text, text, self.language)
        return Answer(
            {f"round_trip_{name}": score for name, score in scores.items()},
            waited_s * 1000,
            Units(characters=len(item.text), audio_ms=round(spoken.duration_s * 1000)),
        )

    async def _spoken(self, target: Target, item: Phrase) -> tuple[Recording, float]:
        adapter, loop = target.provider.tts, asyncio.get_running_loop()
        assert adapter is not None
        facts = target.offer.facts
        request = TtsRequest(facts.id, self.language, item.text, voice=default_voice(facts, self.language))
        audio, content_type, waited_s, begun = bytearray(), "", 0.0, loop.time()
        try:
            found = adapter.synthesize(request, target.credential)
            async with asyncio.timeout(TIMEOUT_S), closing(found):
                async for chunk in found:
                    if chunk.data and not audio:
                        content_type, waited_s = chunk.content_type, loop.time() - begun
                    audio += chunk.data
        except TimeoutError:
            raise ProviderError(FailureKind.TIMEOUT, "the speech did not end in time") from None
        return await _decoded(bytes(audio), content_type, item), waited_s


async def _decoded(audio: bytes, content_type: str, item: Phrase) -> Recording:
    try:
        sound = await decode_audio(audio, content_type)
    except InvalidInput:
        raise ProviderError(FailureKind.UPSTREAM if audio else FailureKind.EMPTY, "no audio to decode") from None
    return Recording(item.name, sound.pcm16, sound.sample_rate, item.text)
