"""AssemblyAI recognition: one synchronous call for what is short, upload and poll for the rest, a socket for speakers.

The synchronous service takes 80 ms to 120 s as WAV and has one model. Everything else is a job: upload, create, ask
until it is done.
Wire facts: https://www.assemblyai.com/docs/sync-stt/getting-started/transcribe-a-short-audio-file,
https://www.assemblyai.com/docs/api-reference/transcripts and assemblyai 1.8.2, read 2026-11-20.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Final

import orjson

from speko_core.providers.assemblyai_live import AssemblyAiDialect, TimedWord, timed
from speko_core.providers.base import Credential, FailureKind, ProviderError, SttRequest, Transcript
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.listening import listen_live
from speko_core.providers.families.multipart import multipart
from speko_core.providers.families.recording import NO_FILES, duration_s, upload_of
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
    primary_language,
    secret_of,
)
from speko_core.types import JsonObject

SYNC_MODEL: Final = "universal-3-5-pro"
SYNC_SHORTEST_S, SYNC_LONGEST_S, SYNC_MAX_BYTES = 0.08, 120.0, 40_000_000
MAX_KEYTERMS, MAX_PROMPT_CHARS = 100, 6000
# A job of a few seconds takes about five; asking often at first costs little.
POLL_FIRST_S, POLL_MOST_S, POLL_GROWTH = 0.5, 3.0, 1.5


class _Answer(Wire):
    text: str | None = None
    words: tuple[TimedWord, ...] | None = None
    confidence: float | None = None
    language_code: str | None = None


class _Upload(Wire):
    upload_url: str


class _Job(_Answer):
    id: str
    status: str


class AssemblyAiStt:
    """The `SttAdapter` of AssemblyAI."""

    def __init__(self, http: VendorHttp, sockets: VendorSockets, facts: VendorFacts) -> None:
        self._http, self._sockets, self._facts = http, sockets, facts

    def listen(
        self, request: SttRequest, audio: AsyncIterator[bytes], credential: Credential | None
    ) -> AsyncIterator[Transcript]:
        """The streaming service, on a host of its own like the synchronous one."""
        headers = {"authorization": secret_of(credential)}
        dialect = AssemblyAiDialect(base_url(credential, self._facts.base_url), headers, request)
        return listen_live(self._sockets, dialect, audio)

    async def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncGenerator[Transcript, None]:
        """Yield one final transcript with word times and confidence.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        headers = {"authorization": secret_of(credential)}
        url = base_url(credential, self._facts.base_url)
        kept, lost = kept_keywords(request.keywords, most=MAX_KEYTERMS)
        request, left_out = _without_prompt(request)
        short = SYNC_SHORTEST_S <= duration_s(request) <= SYNC_LONGEST_S
        # Only jobs tell voices apart and say which language they found.
        plain = not request.speakers and request.language != AUTO
        if request.model == SYNC_MODEL and short and plain:
            answer = await self._at_once(request, kept, url, headers)
        else:
            answer = await self._as_job(request, kept, url, headers)
        text = answer.text or ""
        warnings, language = (*lost, *left_out), answer.language_code
        yield final(text, Transcript(text, True, answer.confidence, timed(answer.words or ()), warnings, language))

    async def _at_once(
        self, request: SttRequest, keywords: tuple[str, ...], url: str, headers: dict[str, str]
    ) -> _Answer:
        config: JsonObject = {"timestamps": True, **_hints(request, keywords)}
        if language := primary_language(request.language):
            config["language_codes"] = [language]
        upload = upload_of(request, NO_FILES, SYNC_MAX_BYTES)
        content_type, body = multipart([("config", orjson.dumps(config).decode())], "audio", upload)
        named = {**headers, "content-type": content_type, "x-aai-model": request.model}
        # The service has a host of its own beside the API's, in every region.
        host = url.replace("://api.", "://sync.", 1)
        return parsed(_Answer, await self._http.body(vendor_request(f"{host}/v1/transcribe", named, body)))

    async def _as_job(
        self, request: SttRequest, keywords: tuple[str, ...], url: str, headers: dict[str, str]
    ) -> _Answer:
        binary = {**headers, "content-type": "application/octet-stream"}
        sent = await self._http.body(vendor_request(f"{url}/v2/upload", binary, upload_of(request).data))
        wanted: JsonObject = {
            "audio_url": parsed(_Upload, sent).upload_url,
            "speech_models": [request.model],
            **_job_language(request),
            **_hints(request, keywords),
            **({"speaker_labels": True} if request.speakers else {}),
        }
        named = {**headers, "content-type": "application/json"}
        created = await self._http.body(vendor_request(f"{url}/v2/transcript", named, orjson.dumps(wanted)))
        try:
            async with asyncio.timeout(self._http.limits.total_s):
                return await self._done(parsed(_Job, created), url, headers)
        except TimeoutError:
            raise ProviderError(FailureKind.TIMEOUT, "the transcription job took too long") from None

    async def _done(self, job: _Job, url: str, headers: dict[str, str]) -> _Job:
        wait_s = POLL_FIRST_S
        while job.status in ("queued", "processing"):
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * POLL_GROWTH, POLL_MOST_S)
            asking = vendor_request(f"{url}/v2/transcript/{job.id}", headers, method="GET")
            job = parsed(_Job, await self._http.body(asking))
        if job.status != "completed":
            raise ProviderError(FailureKind.UPSTREAM, "the transcription job failed")
        return job


def _without_prompt(request: SttRequest) -> tuple[SttRequest, tuple[str, ...]]:
    """Prompts came with the third generation of models."""
    if request.model.startswith("universal-3"):
        return request, ()
    return replace(request, prompt=None), no_prompt(request)


def _hints(request: SttRequest, keywords: tuple[str, ...]) -> JsonObject:
    hints: JsonObject = {}
    if keywords:
        hints["keyterms_prompt"] = list(keywords)
    if request.prompt:
        hints["prompt"] = request.prompt[:MAX_PROMPT_CHARS]
    return hints


def _job_language(request: SttRequest) -> JsonObject:
    if request.language in (AUTO, MULTI):
        return {"language_detection": True}
    return {"language_code": primary_language(request.language)}
