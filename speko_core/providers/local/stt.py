"""Offline speech to text: English only, honest about what it cannot do (docs/offline-voices.md)."""

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict

from speko_core.audio import resample
from speko_core.providers.base import Credential, FailureKind, ProviderError, SttRequest, Transcript, Word
from speko_core.providers.local.sphinx_pool import RecognitionModel, SphinxPool

logger = logging.getLogger(__name__)

SPHINX_RATE = 16_000
MAX_SECONDS = 600
MODELS: dict[str, RecognitionModel] = {"sphinx-free": "free", "sphinx-grammar": "grammar"}


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: tuple[tuple[str, float, float], ...]
    guessed: tuple[str, ...]
    dropped: tuple[str, ...]


class LocalStt:
    """The `SttAdapter` over a pool of recognition processes. It owns the pool."""

    def __init__(self, pool: SphinxPool) -> None:
        self._pool = pool

    def available_models(self) -> frozenset[str]:
        """The models that can run on this machine: all of them, or none without the `local` extra."""
        return frozenset(MODELS) if importlib.util.find_spec("pocketsphinx") else frozenset()

    async def warm(self, model: str = "sphinx-free") -> None:
        """Start a process and load `model` before the first call.

        Raises:
            ProviderError: recognition is not installed or does not start.
        """
        self._require_installed()
        await self._pool.warm(MODELS[model])

    async def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        """Yield one final transcript, lower case and without punctuation, numbers as words.

        Raises:
            ProviderError: EMPTY when no words were heard; INVALID for another language, model or an hour-long file;
                RATE, TIMEOUT and NETWORK as the pool says.
        """
        model = self._checked(request)
        pcm = await asyncio.to_thread(resample, request.pcm, request.sample_rate, SPHINX_RATE)
        answer = _Answer.model_validate(await self._pool.recognize(pcm, model, request.keywords))
        if answer.guessed or answer.dropped:
            logger.info(
                "keywords outside the dictionary",
                extra={"guessed_count": len(answer.guessed), "dropped_count": len(answer.dropped)},
            )
        if not answer.words:
            raise ProviderError(FailureKind.EMPTY, "no words were recognized")
        words = tuple(Word(text, start_s, end_s) for text, start_s, end_s in answer.words)
        yield Transcript(" ".join(word.text for word in words), is_final=True, words=words, warnings=_warnings(answer))

    async def aclose(self) -> None:
        """End the recognition processes."""
        await self._pool.aclose()

    def _checked(self, request: SttRequest) -> RecognitionModel:
        self._require_installed()
        if request.model not in MODELS:
            raise ProviderError(FailureKind.INVALID, f"local has no speech-to-text model {request.model}")
        if request.language.split("-")[0].lower() != "en":
            raise ProviderError(FailureKind.INVALID, "offline recognition understands English only")
        if len(request.pcm) / 2 / request.sample_rate > MAX_SECONDS:
            raise ProviderError(FailureKind.INVALID, f"offline recognition takes at most {MAX_SECONDS} s of audio")
        return MODELS[request.model]

    def _require_installed(self) -> None:
        if not self.available_models():
            raise ProviderError(FailureKind.NETWORK, "pocketsphinx is not installed: run `pip install 'speko[local]'`")


def _warnings(answer: _Answer) -> tuple[str, ...]:
    guessed = tuple(f"The pronunciation of the keyword {word!r} was guessed." for word in answer.guessed)
    dropped = tuple(f"The keyword {word!r} cannot be spoken and was ignored." for word in answer.dropped)
    return guessed + dropped
