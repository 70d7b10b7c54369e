"""Cartesia Ink: Whisper on whole recordings, Ink 2 over the socket that finalizes on command.

Wire facts: https://docs.cartesia.ai/api-reference/stt/transcribe and cartesia 4.2.0, read 2026-11-20.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from speko_core.providers.base import Credential, SttRequest, Transcript, Word
from speko_core.providers.cartesia_ink import InkDialect
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.listening import listen, listen_live, pieces
from speko_core.providers.families.multipart import multipart
from speko_core.providers.families.recording import upload_of
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import (
    Wire,
    base_url,
    final,
    no_prompt,
    parsed,
    primary_language,
    secret_of,
)

# The version decides the shape of bodies and errors; it is pinned, never left to the vendor.
VERSION: Final = "2026-08-14"


class _Word(Wire):
    word: str
    start: float
    end: float


class _Answer(Wire):
    text: str
    words: tuple[_Word, ...] | None = None
    language: str | None = None


class CartesiaStt:
    """The `SttAdapter` of Cartesia."""

    def __init__(self, http: VendorHttp, sockets: VendorSockets, facts: VendorFacts) -> None:
        self._http, self._sockets, self._facts = http, sockets, facts

    def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        """Ink 2 answers with interims; Whisper with one final transcript with word times."""
        headers = {"authorization": f"Bearer {secret_of(credential)}", "cartesia-version": VERSION}
        url = base_url(credential, self._facts.base_url)
        if request.model.startswith("ink-whisper"):
            return self._whole(request, url, headers)
        return listen(self._sockets, InkDialect(url, headers, request), pieces(request))

    def listen(
        self, request: SttRequest, audio: AsyncIterator[bytes], credential: Credential | None
    ) -> AsyncIterator[Transcript]:
        """Ink 2; the caller says where an utterance ends."""
        headers = {"authorization": f"Bearer {secret_of(credential)}", "cartesia-version": VERSION}
        dialect = InkDialect(base_url(credential, self._facts.base_url), headers, request)
        return listen_live(self._sockets, dialect, audio)

    async def _whole(self, request: SttRequest, url: str, headers: dict[str, str]) -> AsyncGenerator[Transcript, None]:
        fields = [("model", request.model), ("timestamp_granularities[]", "word")]
        if language := primary_language(request.language):
            fields.append(("language", language))
        content_type, body = multipart(fields, "file", upload_of(request))
        call = vendor_request(f"{url}/stt", {**headers, "content-type": content_type}, body)
        answer = parsed(_Answer, await self._http.body(call))
        words = tuple(Word(word.word, word.start, word.end) for word in answer.words or ())
        warnings = no_prompt(request)
        yield final(answer.text, Transcript(answer.text.strip(), True, None, words, warnings, answer.language))
