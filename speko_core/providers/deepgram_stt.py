"""Deepgram recognition: Nova on whole recordings and live, Flux over its turn-taking socket.

Wire facts: https://developers.deepgram.com/docs/pre-recorded-audio and deepgram-sdk 7.17.0, read 2026-11-20.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from speko_core.providers.base import Credential, SttRequest, Transcript
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.deepgram_flux import FluxDialect
from speko_core.providers.deepgram_nova import Alternative, NovaDialect
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.listening import listen, listen_live, pieces
from speko_core.providers.families.recording import upload_of
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import (
    AUTO,
    MULTI,
    Wire,
    base_url,
    final,
    kept_keywords,
    no_prompt,
    parsed,
    regional_language,
    secret_of,
)

MAX_KEYTERMS: Final = 100
_LATIN_SPANISH: Final = ("AR", "BO", "CL", "CO", "CR", "DO", "EC", "GT", "HN", "MX", "NI", "PA", "PE", "PY", "SV", "US")
# Nova-3's regional names (changelog of 2025-08 to 2026-03).
_REGIONAL: Final = {
    **{tag: tag for tag in ("en-US", "en-AU", "en-GB", "en-IN", "en-NZ", "fr-CA", "pt-BR", "pt-PT", "de-CH", "nl-BE")},
    **{tag: tag for tag in ("ko-KR", "sv-SE", "da-DK", "th-TH", "zh-CN", "zh-TW", "zh-HK")},
    **{f"es-{country}": "es-419" for country in (*_LATIN_SPANISH, "UY", "VE")},
}


class _Channel(Wire):
    alternatives: tuple[Alternative, ...] = ()
    detected_language: str | None = None


class _Results(Wire):
    channels: tuple[_Channel, ...] = ()


class _Answer(Wire):
    results: _Results


class DeepgramStt:
    """The `SttAdapter` of Deepgram."""

    def __init__(self, http: VendorHttp, sockets: VendorSockets, facts: VendorFacts) -> None:
        self._http, self._sockets, self._facts = http, sockets, facts

    def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        """Flux models answer turn by turn with interims; the others with one final transcript."""
        headers = {"authorization": f"Token {secret_of(credential)}"}
        url = base_url(credential, self._facts.base_url)
        if request.model.startswith("flux"):
            return listen(self._sockets, FluxDialect(url, headers, request), pieces(request))
        return self._whole(request, url, headers)

    def listen(
        self, request: SttRequest, audio: AsyncIterator[bytes], credential: Credential | None
    ) -> AsyncIterator[Transcript]:
        """Flux finds turns, Nova segments between pauses."""
        headers = {"authorization": f"Token {secret_of(credential)}"}
        url = base_url(credential, self._facts.base_url)
        if request.model.startswith("flux"):
            return listen_live(self._sockets, FluxDialect(url, headers, request), audio)
        keywords, lost = _keyword_parameters(request)
        params = [*_live_language(request), *keywords, *([("diarize", "true")] if request.speakers else [])]
        warnings = (*lost, *no_prompt(request))
        return listen_live(self._sockets, NovaDialect(url, headers, request.model, params, warnings), audio)

    async def _whole(self, request: SttRequest, url: str, headers: dict[str, str]) -> AsyncGenerator[Transcript, None]:
        upload = upload_of(request)
        keywords, warnings = _keyword_parameters(request)
        params = [("model", request.model), ("smart_format", "true"), *_language_parameters(request), *keywords]
        params += [("diarize", "true")] if request.speakers else []
        call = vendor_request(
            f"{url}/v1/listen", {**headers, "content-type": upload.content_type}, upload.data, params=params
        )
        answer = parsed(_Answer, await self._http.body(call))
        yield _transcript(answer, (*warnings, *no_prompt(request)))


def _language_parameters(request: SttRequest) -> list[tuple[str, str]]:
    if request.language == AUTO:
        return [("detect_language", "true")]
    if request.language == MULTI:
        return [("language", MULTI)]
    return [("language", regional_language(request.language, _REGIONAL) or "en")]


def _live_language(request: SttRequest) -> list[tuple[str, str]]:
    """Live, Nova does not find out one language; it follows several instead."""
    return [("language", MULTI)] if request.language == AUTO else _language_parameters(request)


def _keyword_parameters(request: SttRequest) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Nova-3 takes phrases as `keyterm`; older models single words as `keywords`, where a colon would set a boost."""
    kept, warnings = kept_keywords(request.keywords, most=MAX_KEYTERMS)
    if request.model.startswith("nova-3"):
        return [("keyterm", phrase) for phrase in kept], warnings
    return [("keywords", word) for phrase in kept for word in phrase.replace(":", " ").split()], warnings


def _transcript(answer: _Answer, warnings: tuple[str, ...]) -> Transcript:
    """All channels as one text; Deepgram gives one unless told to keep them apart."""
    heard = [channel.alternatives[0] for channel in answer.results.channels if channel.alternatives]
    text = " ".join(found.transcript.strip() for found in heard if found.transcript.strip())
    words = tuple(word.told() for found in heard for word in found.words)
    confidence = heard[0].confidence if len(heard) == 1 else None
    language = next((channel.detected_language for channel in answer.results.channels), None)
    return final(text, Transcript(text, True, confidence, words, warnings, language))
