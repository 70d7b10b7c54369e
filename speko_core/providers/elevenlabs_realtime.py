"""Scribe's realtime model: chunks of base64 up, partials down, one commit at the end of a recording.

Live, Scribe commits by itself at pauses, and once more when it is told to.

Wire facts: https://elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime and elevenlabs 2.78.0,
read 2026-11-20.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import orjson

from speko_core.providers.base import FailureKind, ProviderError, SttRequest, Transcript
from speko_core.providers.families.listening import RATE
from speko_core.providers.families.speech import Wire, kept_keywords, no_prompt, parsed, primary_language

MAX_KEYTERMS, KEYTERM_CHARS = 50, 20
# A commit on less than this is refused, so a short word is padded with silence.
LEAST_S: Final = 0.4
_FAILURES: Final[Mapping[str, FailureKind]] = {
    "auth_error": FailureKind.AUTH,
    "quota_exceeded": FailureKind.QUOTA,
    "unaccepted_terms": FailureKind.AUTH,
    "rate_limited": FailureKind.RATE,
    "commit_throttled": FailureKind.RATE,
    "queue_overflow": FailureKind.RATE,
    "resource_exhausted": FailureKind.RATE,
    "insufficient_audio_activity": FailureKind.EMPTY,
    **dict.fromkeys(
        (
            "error",
            "transcriber_error",
            "input_error",
            "invalid_request",
            "session_time_limit_exceeded",
            "chunk_size_exceeded",
        ),
        FailureKind.UPSTREAM,
    ),
}


class _Message(Wire):
    message_type: str
    text: str = ""


def _chunk(pcm: bytes, *, commit: bool) -> str:
    message = {
        "message_type": "input_audio_chunk",
        "audio_base_64": base64.b64encode(pcm).decode(),
        "commit": commit,
        "sample_rate": RATE,
    }
    return orjson.dumps(message).decode()


class ScribeDialect:
    """One recording told to Scribe, committed once."""

    alive = ""
    strategy = "manual"

    def __init__(self, url: str, headers: Mapping[str, str], request: SttRequest) -> None:
        query = [("model_id", request.model), ("audio_format", f"pcm_{RATE}"), ("commit_strategy", self.strategy)]
        if language := primary_language(request.language):
            query.append(("language_code", language))
        kept, lost = kept_keywords(request.keywords, most=MAX_KEYTERMS, longest=KEYTERM_CHARS)
        query += [("keyterms", term) for term in kept]
        self.headers: Mapping[str, str] = headers
        self.url = f"{url}/v1/speech-to-text/realtime?{urlencode(query)}"
        self._warnings = (*lost, *no_prompt(request))
        self._sent = 0

    def pack(self, pcm: bytes) -> bytes | str:
        """Audio in base64."""
        self._sent += len(pcm)
        return _chunk(pcm, commit=False)

    def flush(self) -> Sequence[str]:
        """Padding where the recording is very short, then the commit."""
        missing = int(LEAST_S * RATE) * 2 - self._sent
        padding = (_chunk(bytes(missing), commit=False),) if missing > 0 else ()
        return (*padding, _chunk(b"", commit=True))

    def farewell(self) -> Sequence[str]:
        """The commit."""
        return self.flush()

    def read(self, message: str) -> tuple[Sequence[Transcript], bool]:
        """Partials are interim; the one commit is final and the last word.

        Raises:
            ProviderError: the message reports a failure or does not parse.
        """
        told = parsed(_Message, message)
        if (kind := _FAILURES.get(told.message_type)) is not None:
            raise ProviderError(kind, f"Scribe reported {told.message_type}")
        if told.message_type == "partial_transcript":
            return (Transcript(told.text, False),), False
        if told.message_type == "committed_transcript":
            return (Transcript(told.text, True, None, (), self._warnings),), True
        return (), False

    def closed(self) -> Sequence[Transcript]:
        """Without the commit's answer there is no result.

        Raises:
            ProviderError: `UPSTREAM`.
        """
        raise ProviderError(FailureKind.UPSTREAM, "Scribe closed before its answer")


class LiveScribeDialect(ScribeDialect):
    """A conversation told to Scribe."""

    alive = _chunk(b"", commit=False)
    strategy = "vad"

    def __init__(self, url: str, headers: Mapping[str, str], request: SttRequest) -> None:
        super().__init__(url, headers, request)
        self._ending = False

    def farewell(self) -> Sequence[str]:
        """The commit after which nothing comes."""
        self._ending = True
        return self.flush()

    def read(self, message: str) -> tuple[Sequence[Transcript], bool]:
        """As in recordings, but only the commit of the farewell is the last; it may find nothing more.

        Raises:
            ProviderError: the message reports a failure or does not parse.
        """
        kind = parsed(_Message, message).message_type
        if kind == "insufficient_audio_activity":
            return (), self._ending
        if kind == "committed_transcript":
            self._sent = 0
        found, committed = super().read(message)
        return found, committed and self._ending
