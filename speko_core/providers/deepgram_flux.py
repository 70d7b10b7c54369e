"""Deepgram Flux: turns found by the model, over `/v2/listen`.

A turn's text is cumulative; `EndOfTurn` freezes it. A whole recording is sent at once, so there the end of a turn is
never forced: that would cut what Flux has not read yet. A turn still open when the socket closes is final as it stands.
Wire facts: https://developers.deepgram.com/docs/flux/state and deepgram-sdk 7.17.0, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from speko_core.providers.base import FailureKind, ProviderError, SttRequest, Transcript, Word
from speko_core.providers.families.listening import RATE
from speko_core.providers.families.speech import Wire, kept_keywords, no_prompt, parsed, primary_language

MAX_KEYTERMS = 100
# The catalogue's name, as benchmarks use it, and Deepgram's.
_ENGLISH, _MULTILINGUAL = "flux-general-en", "flux-general-multi"


class _Word(Wire):
    word: str
    start: float | None = None
    end: float | None = None
    confidence: float | None = None


class _Message(Wire):
    type: str
    event: str = ""
    transcript: str = ""
    words: tuple[_Word, ...] = ()
    languages: tuple[str, ...] | None = None


class FluxDialect:
    """One recording or conversation told to Flux."""

    alive = ""

    def __init__(self, url: str, headers: Mapping[str, str], request: SttRequest) -> None:
        language = primary_language(request.language)
        model = request.model if request.model != "flux" else _ENGLISH if language == "en" else _MULTILINGUAL
        keyterms, lost = kept_keywords(request.keywords, most=MAX_KEYTERMS)
        query = [("model", model), ("encoding", "linear16"), ("sample_rate", str(RATE))]
        query += [("keyterm", phrase) for phrase in keyterms]
        if model == _MULTILINGUAL and language:
            query.append(("language_hint", language))
        self.headers: Mapping[str, str] = headers
        self.url = f"{url}/v2/listen?{urlencode(query)}"
        self._open = Transcript("", False)
        self._warnings = (*lost, *no_prompt(request))

    def pack(self, pcm: bytes) -> bytes:
        """Audio goes as it is."""
        return pcm

    def flush(self) -> Sequence[str]:
        """The turn ends now."""
        return ('{"type":"ForceEndTurn"}',)

    def farewell(self) -> Sequence[str]:
        """Flux reads what it has and closes."""
        return ('{"type":"CloseStream"}',)

    def read(self, message: str) -> tuple[Sequence[Transcript], bool]:
        """Updates are interim; `EndOfTurn` is final.

        Raises:
            ProviderError: `UPSTREAM` for an `Error` or what does not parse.
        """
        told = parsed(_Message, message)
        if told.type == "Error":
            raise ProviderError(FailureKind.UPSTREAM, "Flux reported an error")
        if told.type != "TurnInfo":
            return (), False
        ended = told.event == "EndOfTurn"
        language = next(iter(told.languages or ()), None)
        heard = Transcript(told.transcript, ended, None, _words(told), self._warnings if ended else (), language)
        self._open = Transcript("", False) if ended else heard
        return (heard,), False

    def closed(self) -> Sequence[Transcript]:
        """The turn that was still open."""
        left = self._open
        return (replace(left, is_final=True, warnings=self._warnings),)


def _words(told: _Message) -> tuple[Word, ...]:
    return tuple(
        Word(word.word, word.start, word.end, word.confidence)
        for word in told.words
        if word.start is not None and word.end is not None
    )
