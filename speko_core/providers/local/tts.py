"""Offline text to speech: two models, `flite` and `espeak`, each with its voices from the catalogue."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from speko_core.audio import StreamResampler, pcm_content_type
from speko_core.providers.base import AudioChunk, Credential, FailureKind, ProviderError, TtsRequest
from speko_core.providers.catalog import ModelFacts, VendorFacts
from speko_core.providers.local.engines import SpeechEngines
from speko_core.providers.local.espeak import stream_speech
from speko_core.providers.local.flite import speak_sentence
from speko_core.providers.local.sentences import split_sentences

OUTPUT_RATE = 24_000
CHUNK_BYTES = 9_600  # 200 ms

_FIX = {
    "flite": "flite is not on PATH: run `apt-get install flite`, or use the model espeak",
    "espeak": "espeak-ng is not on PATH: run `apt-get install espeak-ng` or `pip install 'speko[local]'`",
}

Speech = AsyncGenerator[tuple[bytes, int], None]


class LocalTts:
    """The `TtsAdapter` over the engines of this machine."""

    def __init__(self, engines: SpeechEngines, facts: VendorFacts) -> None:
        self._models = {model.id: model for model in facts.models if model.id in _FIX}
        self._engines = engines

    def available_models(self) -> frozenset[str]:
        """The models whose engine this machine has."""
        return frozenset(model for model in self._models if self._command(model) is not None)

    async def synthesize(self, request: TtsRequest, credential: Credential | None) -> AsyncIterator[AudioChunk]:
        """Yield `audio/pcm;rate=24000` as it is made. The engines make 8 to 22 kHz, so nothing is above 11 kHz.

        Raises:
            ProviderError: INVALID for an unknown model, voice or language; EMPTY when nothing can be said; NETWORK when
                the engine is not installed; TIMEOUT and UPSTREAM when it fails.
        """
        facts = self._facts(request.model)
        speech = self._speech(facts, _voice(facts, request), request)
        content_type = pcm_content_type(OUTPUT_RATE)
        spoke = False
        async with aclosing(_at_output_rate(speech)) as pieces:
            async for piece in pieces:
                for at in range(0, len(piece), CHUNK_BYTES):
                    spoke = True
                    yield AudioChunk(piece[at : at + CHUNK_BYTES], content_type)
        if not spoke:
            raise ProviderError(FailureKind.EMPTY, "the text holds nothing that can be spoken")

    def _facts(self, model: str) -> ModelFacts:
        if model not in self._models:
            raise ProviderError(FailureKind.INVALID, f"local has no text-to-speech model {model}")
        return self._models[model]

    def _speech(self, facts: ModelFacts, voice: str, request: TtsRequest) -> Speech:
        command = self._command(facts.id)
        if command is None:
            raise ProviderError(FailureKind.NETWORK, _FIX[facts.id])
        speed = request.speed or 1.0
        sentences = split_sentences(request.text)
        if facts.id == "flite":
            return _flite_speech(command, voice, speed, sentences)
        return _espeak_speech(command, voice, speed, sentences)

    def _command(self, model: str) -> tuple[str, ...] | None:
        return self._engines.flite if model == "flite" else self._engines.espeak


def _voice(facts: ModelFacts, request: TtsRequest) -> str:
    """The asked voice, else the first one of the language, the default voice before the others."""
    if not facts.speaks(request.language):
        raise ProviderError(FailureKind.INVALID, f"{facts.id} does not speak {request.language}")
    voices = sorted(facts.voices, key=lambda voice: voice.id != facts.default_voice)
    if request.voice is not None:
        if all(voice.id != request.voice for voice in voices):
            raise ProviderError(FailureKind.INVALID, f"{facts.id} has no voice of that name")
        return request.voice
    exact = [voice.id for voice in voices if request.language in voice.languages]
    primary = request.language.split("-")[0]
    related = [voice.id for voice in voices if any(tag.split("-")[0] == primary for tag in voice.languages)]
    return (exact or related)[0]


async def _flite_speech(command: tuple[str, ...], voice: str, speed: float, sentences: list[str]) -> Speech:
    for sentence in sentences:
        yield await speak_sentence(command, voice, speed, sentence)


async def _espeak_speech(command: tuple[str, ...], voice: str, speed: float, sentences: list[str]) -> Speech:
    if not sentences:
        return
    async with aclosing(stream_speech(command, voice, speed, "\n".join(sentences))) as pieces:
        async for piece in pieces:
            yield piece


async def _at_output_rate(speech: Speech) -> AsyncGenerator[bytes, None]:
    """One continuous stream: the engine's rate is the same in all pieces of a call."""
    resampler: StreamResampler | None = None
    async with aclosing(speech) as pieces:
        async for data, rate in pieces:
            resampler = resampler or StreamResampler(rate, OUTPUT_RATE)
            if converted := resampler.feed(data):
                yield converted
    if resampler is not None and (tail := resampler.flush()):
        yield tail
