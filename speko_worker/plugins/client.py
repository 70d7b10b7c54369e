"""The three one-shot endpoints as the plugins use them, over one shared HTTP client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from speko_core.types import JsonObject
from speko_worker.plugins.errors import SpekoApiError
from speko_worker.plugins.sse import SseEvent, read_events

# Read is the longest gap between two pieces of an answer, not the whole answer.
DEFAULT_TIMEOUT = httpx.Timeout(connect=3.0, read=20.0, write=10.0, pool=5.0)
MAX_ERROR_BYTES = 64 * 1024


@dataclass(frozen=True)
class Synthesis:
    """An answer of `/v1/synthesize`: its format and origin, known before the first byte."""

    content_type: str
    provider: str
    model: str
    chunks: AsyncIterator[bytes]


class SpekoClient:
    """Calls the gateway with one credential. The HTTP client is shared and closed by its owner."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        http: httpx.AsyncClient,
        *,
        session_id: str | None = None,
        timeout: httpx.Timeout = DEFAULT_TIMEOUT,
    ) -> None:
        if not api_key:
            raise ValueError("SpekoClient: an API key is required")
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._timeout = timeout
        self._headers = {"authorization": f"Bearer {api_key}"}
        if session_id:
            self._headers["x-session-id"] = session_id

    @asynccontextmanager
    async def transcribe(
        self, audio: bytes, content_type: str, intent: JsonObject, constraints: JsonObject | None, options: JsonObject
    ) -> AsyncIterator[AsyncIterator[SseEvent]]:
        """POST `/v1/transcribe`; leaving the context cancels the upstream call.

        Raises:
            SpekoApiError: the gateway answered with an error status.
            httpx.HTTPError: it could not be reached.
        """
        headers = {"content-type": content_type, "x-speko-intent": json.dumps(intent)}
        if constraints:
            headers["x-speko-constraints"] = json.dumps(constraints)
        if options:
            headers["x-speko-stt-options"] = json.dumps(options)
        async with self._post("/v1/transcribe", audio, headers) as response:
            yield read_events(response.aiter_bytes())

    @asynccontextmanager
    async def complete(self, body: JsonObject) -> AsyncIterator[AsyncIterator[SseEvent]]:
        """POST `/v1/complete`; raises as `transcribe` does."""
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        async with self._post("/v1/complete", json.dumps(body).encode(), headers) as response:
            yield read_events(response.aiter_bytes())

    @asynccontextmanager
    async def synthesize(self, body: JsonObject, *, accept: str) -> AsyncIterator[Synthesis]:
        """POST `/v1/synthesize`, asking for the format `accept`; raises as `transcribe` does."""
        headers = {"content-type": "application/json", "accept": accept}
        async with self._post("/v1/synthesize", json.dumps(body).encode(), headers) as response:
            yield Synthesis(
                content_type=response.headers.get("content-type", ""),
                provider=response.headers.get("x-speko-provider") or "unknown",
                model=response.headers.get("x-speko-model") or "unknown",
                chunks=response.aiter_bytes(),
            )

    @asynccontextmanager
    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> AsyncIterator[httpx.Response]:
        request = self._http.stream(
            "POST", self._base_url + path, content=body, headers={**self._headers, **headers}, timeout=self._timeout
        )
        async with request as response:
            if response.status_code >= 400:
                raise await _api_error(response)
            yield response


async def _api_error(response: httpx.Response) -> SpekoApiError:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ERROR_BYTES:
            break
    try:
        parsed = json.loads(body)
        return SpekoApiError(str(parsed["error"]), response.status_code, str(parsed["code"]), _reasons(parsed))
    except (ValueError, TypeError, KeyError):
        return SpekoApiError("The gateway answered without a documented error.", response.status_code, "UNKNOWN")


def event_error(event: SseEvent) -> SpekoApiError:
    """The error that an `error` event stands for; status 200, as the answer had begun."""
    code = str(event.data.get("code", "STREAM_ERROR"))
    return SpekoApiError(str(event.data.get("error", "")), 200, code, _reasons(event.data))


def _reasons(body: JsonObject) -> tuple[str, ...]:
    causes = body.get("causes")
    listed = causes if isinstance(causes, list) else []
    return tuple(str(cause.get("reason")) for cause in listed if isinstance(cause, dict))


def stream_ended() -> SpekoApiError:
    """The answer stopped before its `done` event."""
    return SpekoApiError("The answer ended before it was complete.", 200, "STREAM_ENDED")
