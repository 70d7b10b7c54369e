"""Cartesia's socket with manual finalizing: bare words as commands, transcripts as pieces that add up.

Wire facts: https://docs.cartesia.ai/api-reference/stt/websocket and cartesia 4.2.0, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from speko_core.providers.base import FailureKind, ProviderError, SttRequest, Transcript, Word
from speko_core.providers.families.failures import failure_kind
from speko_core.providers.families.listening import RATE
from speko_core.providers.families.speech import Wire, kept_keywords, no_prompt, parsed, primary_language

MAX_KEYTERMS = 100


class _Word(Wire):
    word: str
    start: float
    end: float


class _Message(Wire):
    type: str
    text: str = ""
    is_final: bool = False
    words: tuple[_Word, ...] | None = None
    language: str | None = None
    status_code: int = 500
    error_code: str | None = None


class InkDialect:
    """One recording or conversation told to Ink."""

    alive = ""

    def __init__(self, url: str, headers: Mapping[str, str], request: SttRequest) -> None:
        query = [("model", request.model), ("encoding", "pcm_s16le"), ("sample_rate", str(RATE))]
        if language := primary_language(request.language):
            query.append(("language", language))
        kept, lost = kept_keywords(request.keywords, most=MAX_KEYTERMS)
        query += [("keyterm", term) for term in kept]
        self.headers: Mapping[str, str] = headers
        self.url = f"{url}/stt/websocket?{urlencode(query)}"
        self._warnings = (*lost, *no_prompt(request))

    def pack(self, pcm: bytes) -> bytes:
        """Audio goes as it is."""
        return pcm

    def flush(self) -> Sequence[str]:
        """What was said so far is final."""
        return ("finalize",)

    def farewell(self) -> Sequence[str]:
        """Commands are bare words, no JSON."""
        return "finalize", "close"

    def read(self, message: str) -> tuple[Sequence[Transcript], bool]:
        """Transcripts until `done`.

        Raises:
            ProviderError: the message is an `error` or does not parse.
        """
        told = parsed(_Message, message)
        if told.type == "error":
            codes = (told.error_code,) if told.error_code else ()
            raise ProviderError(failure_kind(told.status_code, codes), f"Ink reported {told.status_code}")
        if told.type != "transcript":
            return (), told.type == "done"
        words = tuple(Word(word.word, word.start, word.end) for word in told.words or ())
        return (Transcript(told.text.strip(), told.is_final, None, words, self._warnings, told.language),), False

    def closed(self) -> Sequence[Transcript]:
        """Ink says `done` first.

        Raises:
            ProviderError: `UPSTREAM`.
        """
        raise ProviderError(FailureKind.UPSTREAM, "Ink closed before it was done")
