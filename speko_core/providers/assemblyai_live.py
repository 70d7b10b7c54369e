"""AssemblyAI while somebody speaks: version 3 of its streaming socket, turn by turn.

A turn's words are cumulative; with formatting on, its end is told twice and the second, formatted copy is the text.
The vendor bills the time a session is open, so it is always terminated.
Wire facts: https://www.assemblyai.com/docs/api-reference/streaming-api/streaming-api and assemblyai 1.8.2, read
2026-11-20.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import orjson

from speko_core.providers.base import FailureKind, ProviderError, SttRequest, Transcript, Word
from speko_core.providers.families.listening import RATE
from speko_core.providers.families.speech import AUTO, MULTI, Wire, kept_keywords, no_prompt, parsed, primary_language

API_VERSION: Final = "2025-05-12"
MAX_KEYTERMS, KEYTERM_CHARS = 100, 50
# Messages shorter than 50 ms end the session.
LEAST_BYTES: Final = RATE // 20 * 2


class TimedWord(Wire):
    """A word as AssemblyAI tells it, in recordings too: milliseconds, where it has any."""

    text: str
    start: int | None = None
    end: int | None = None
    confidence: float | None = None
    speaker: str | None = None


def timed(words: Iterable[TimedWord], speaker: str | None = None) -> tuple[Word, ...]:
    """The words that have times; `speaker` is of those that name none."""
    return tuple(
        Word(word.text, word.start / 1000, word.end / 1000, word.confidence, word.speaker or speaker)
        for word in words
        if word.start is not None and word.end is not None
    )


class _Message(Wire):
    type: str
    transcript: str = ""
    end_of_turn: bool = False
    turn_is_formatted: bool = False
    words: tuple[TimedWord, ...] = ()
    language_code: str | None = None
    speaker_label: str | None = None


class AssemblyAiDialect:
    """One conversation told to AssemblyAI."""

    alive = '{"type":"KeepAlive"}'

    def __init__(self, url: str, headers: Mapping[str, str], request: SttRequest) -> None:
        kept, lost = kept_keywords(request.keywords, most=MAX_KEYTERMS, longest=KEYTERM_CHARS)
        query = [("speech_model", request.model), ("sample_rate", str(RATE)), ("encoding", "pcm_s16le")]
        query += [("format_turns", "true"), *_language(request)]
        query += [("keyterms_prompt", orjson.dumps(kept).decode())] if kept else []
        query += [("speaker_labels", "true")] if request.speakers else []
        self.headers: Mapping[str, str] = {**headers, "assemblyai-version": API_VERSION}
        self.url = f"{url.replace('://api.', '://streaming.', 1)}/v3/ws?{urlencode(query)}"
        self._warnings = (*lost, *no_prompt(request))

    def pack(self, pcm: bytes) -> bytes:
        """Audio goes as it is, the last piece with silence behind it where it is very short."""
        return pcm.ljust(LEAST_BYTES, b"\0")

    def flush(self) -> Sequence[str]:
        """The turn ends now."""
        return ('{"type":"ForceEndpoint"}',)

    def farewell(self) -> Sequence[str]:
        """The turn ends, and the session with it."""
        return (*self.flush(), '{"type":"Terminate"}')

    def read(self, message: str) -> tuple[Sequence[Transcript], bool]:
        """Turns until `Termination`.

        Raises:
            ProviderError: `UPSTREAM` for an `Error` or what does not parse.
        """
        told = parsed(_Message, message)
        if told.type == "Error":
            raise ProviderError(FailureKind.UPSTREAM, "the session reported an error")
        if told.type != "Turn":
            return (), told.type == "Termination"
        return (self._heard(told),), False

    def closed(self) -> Sequence[Transcript]:
        """The session says `Termination` first.

        Raises:
            ProviderError: `UPSTREAM`.
        """
        raise ProviderError(FailureKind.UPSTREAM, "the session closed before it was done")

    def _heard(self, told: _Message) -> Transcript:
        final = told.end_of_turn and told.turn_is_formatted
        text = told.transcript if told.end_of_turn else " ".join(word.text for word in told.words)
        words = timed(told.words, told.speaker_label)
        return Transcript(text, final, None, words, self._warnings if final else (), told.language_code)


def _language(request: SttRequest) -> list[tuple[str, str]]:
    if request.language in (AUTO, MULTI):
        return [("language_detection", "true")]
    return [("language_codes", orjson.dumps([primary_language(request.language)]).decode())]
