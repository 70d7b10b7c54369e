"""ElevenLabs Scribe on whole recordings, and its realtime model over a socket.

Wire facts: https://elevenlabs.io/docs/api-reference/speech-to-text/convert and elevenlabs 2.78.0, read 2026-11-20.
"""

import math
import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from speko_core.providers.base import Credential, SttRequest, Transcript, Word
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.elevenlabs_realtime import LiveScribeDialect, ScribeDialect
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.listening import listen, listen_live, pieces
from speko_core.providers.families.multipart import multipart
from speko_core.providers.families.recording import upload_of
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import (
    Wire,
    base_url,
    final,
    kept_keywords,
    no_prompt,
    parsed,
    primary_language,
    secret_of,
)

# More than a hundred key terms bill every recording as 20 seconds at least.
MAX_KEYTERMS, KEYTERM_CHARS, KEYTERM_WORDS = 100, 50, 5
_FORBIDDEN: Final = re.compile(r"[<>{}\[\]\\]")


class _Word(Wire):
    text: str
    start: float | None = None
    end: float | None = None
    type: str = "word"
    speaker_id: str | None = None
    logprob: float | None = None


class _Answer(Wire):
    text: str
    language_code: str | None = None
    words: tuple[_Word, ...] = ()


class ElevenLabsStt:
    """The `SttAdapter` of ElevenLabs."""

    def __init__(self, http: VendorHttp, sockets: VendorSockets, facts: VendorFacts) -> None:
        self._http, self._sockets, self._facts = http, sockets, facts

    def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        """The realtime model answers with interims; the others with one final transcript with word times."""
        headers = {"xi-api-key": secret_of(credential)}
        url = base_url(credential, self._facts.base_url)
        if request.model.endswith("_realtime"):
            return listen(self._sockets, ScribeDialect(url, headers, request), pieces(request))
        return self._whole(request, url, headers)

    def listen(
        self, request: SttRequest, audio: AsyncIterator[bytes], credential: Credential | None
    ) -> AsyncIterator[Transcript]:
        """Scribe's realtime model; it finds pauses by itself."""
        headers = {"xi-api-key": secret_of(credential)}
        dialect = LiveScribeDialect(base_url(credential, self._facts.base_url), headers, request)
        return listen_live(self._sockets, dialect, audio)

    async def _whole(self, request: SttRequest, url: str, headers: dict[str, str]) -> AsyncGenerator[Transcript, None]:
        fields = [
            ("model_id", request.model),
            ("timestamps_granularity", "word"),
            ("tag_audio_events", "false"),
            ("diarize", "true" if request.speakers else "false"),
        ]
        if language := primary_language(request.language):
            fields.append(("language_code", language))
        terms = [_FORBIDDEN.sub(" ", word) for word in request.keywords]
        kept, lost = kept_keywords(terms, most=MAX_KEYTERMS, longest=KEYTERM_CHARS, most_words=KEYTERM_WORDS)
        fields += [("keyterms", term) for term in kept]
        content_type, body = multipart(fields, "file", upload_of(request))
        call = vendor_request(f"{url}/v1/speech-to-text", {**headers, "content-type": content_type}, body)
        answer = parsed(_Answer, await self._http.body(call))
        yield _transcript(answer, (*lost, *no_prompt(request)))


def _transcript(answer: _Answer, warnings: tuple[str, ...]) -> Transcript:
    """Spaces and sounds come as words too; confidence is the mean of the words'."""
    words = tuple(
        Word(word.text, word.start, word.end, _confidence(word), word.speaker_id)
        for word in answer.words
        if word.type == "word" and word.start is not None and word.end is not None
    )
    known = [word.confidence for word in words if word.confidence is not None]
    confidence = sum(known) / len(known) if known else None
    return final(answer.text, Transcript(answer.text, True, confidence, words, warnings, answer.language_code))


def _confidence(word: _Word) -> float | None:
    return None if word.logprob is None else min(math.exp(min(word.logprob, 0.0)), 1.0)
