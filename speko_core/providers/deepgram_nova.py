"""Deepgram Nova while somebody speaks, over `/v1/listen`: segments that are frozen one by one.

Wire facts: https://developers.deepgram.com/docs/live-streaming-audio and deepgram-sdk 7.17.0, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from speko_core.providers.base import FailureKind, ProviderError, Transcript, Word
from speko_core.providers.families.listening import RATE
from speko_core.providers.families.speech import Wire, parsed


class NovaWord(Wire):
    """A word as Nova tells it, in recordings too."""

    word: str
    punctuated_word: str | None = None
    start: float
    end: float
    confidence: float | None = None
    speaker: int | None = None

    def told(self) -> Word:
        """The same in our words."""
        speaker = None if self.speaker is None else str(self.speaker)
        return Word(self.punctuated_word or self.word, self.start, self.end, self.confidence, speaker)


class Alternative(Wire):
    """What was heard in one stretch of a channel, in recordings too."""

    transcript: str = ""
    confidence: float | None = None
    words: tuple[NovaWord, ...] = ()
    languages: tuple[str, ...] | None = None


class _Channel(Wire):
    alternatives: tuple[Alternative, ...] = ()


class _Message(Wire):
    type: str
    is_final: bool = False


class _Results(_Message):
    channel: _Channel


class NovaDialect:
    """One conversation told to Nova."""

    alive = '{"type":"KeepAlive"}'

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        model: str,
        params: Sequence[tuple[str, str]],
        warnings: tuple[str, ...],
    ) -> None:
        query = [("model", model), ("encoding", "linear16"), ("sample_rate", str(RATE)), ("channels", "1")]
        query += [("interim_results", "true"), ("smart_format", "true"), *params]
        self.headers: Mapping[str, str] = headers
        self.url = f"{url}/v1/listen?{urlencode(query)}"
        self._warnings = warnings

    def pack(self, pcm: bytes) -> bytes:
        """Audio goes as it is."""
        return pcm

    def flush(self) -> Sequence[str]:
        """Nova freezes what it has."""
        return ('{"type":"Finalize"}',)

    def farewell(self) -> Sequence[str]:
        """Nova reads what it has, says `Metadata` and closes."""
        return ('{"type":"CloseStream"}',)

    def read(self, message: str) -> tuple[Sequence[Transcript], bool]:
        """Results until `Metadata`.

        Raises:
            ProviderError: `UPSTREAM` for an `Error` or what does not parse.
        """
        told = parsed(_Message, message)
        if told.type == "Error":
            raise ProviderError(FailureKind.UPSTREAM, "Nova reported an error")
        if told.type != "Results":
            return (), told.type == "Metadata"
        return tuple(map(self._heard, parsed(_Results, message).channel.alternatives[:1], (told.is_final,))), False

    def closed(self) -> Sequence[Transcript]:
        """Nova says `Metadata` first.

        Raises:
            ProviderError: `UPSTREAM`.
        """
        raise ProviderError(FailureKind.UPSTREAM, "Nova closed before it was done")

    def _heard(self, best: Alternative, is_final: bool) -> Transcript:
        words = tuple(word.told() for word in best.words)
        language = next(iter(best.languages or ()), None)
        warnings = self._warnings if is_final else ()
        return Transcript(best.transcript, is_final, best.confidence, words, warnings, language)
