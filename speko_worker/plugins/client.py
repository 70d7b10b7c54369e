"""The gateway as the plugins use it: one-shot calls, live recognition and the agent's tools."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from speko_core.types import JsonObject
from speko_worker.plugins.errors import SpekoApiError
from speko_worker.plugins.sse import SseEvent, read_events

# Read is the longest gap between two pieces of an answer, not the whole answer.
DEFAULT_TIMEOUT = httpx.Timeout(connect=3.0, read=20.0, write=10.0, pool=5.0)
MAX_ERROR_BYTES = 64 * 1024
CLOSE_TIMEOUT_S = 1.0
PING_S = 10.0


@dataclass(frozen=True)
class Synthesis:
    """An answer of `/v1/synthesize`: its format and origin, known before the first byte."""

    content_type: str
    provider: str
    model: str
    chunks: AsyncIterator[bytes]


class SpekoClient:
    """Calls the gateway with one credential.

    An HTTP client that is given is shared and closed by its owner; without one the client has its own, until `aclose`.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        http: httpx.AsyncClient | None = None,
        *,
        session_id: str | None = None,
        timeout: httpx.Timeout = DEFAULT_TIMEOUT,
    ) -> None:
        if not api_key:
            raise ValueError("SpekoClient: an API key is required")
        self._base_url = base_url.rstrip("/")
        self._http = http or httpx.AsyncClient()
        self._owns_http = http is None
        self._timeout = timeout
        self._headers = {"authorization": f"Bearer {api_key}"}
        self._session_id = session_id
        if session_id:
            self._headers["x-session-id"] = session_id

    async def aclose(self) -> None:
        """Close the HTTP client, where it is this client's own."""
        if self._owns_http:
            await self._http.aclose()

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
    async def listen(self, opening: JsonObject) -> AsyncIterator[ClientConnection]:
        """Open `WS /v1/transcribe/stream` and send its first message.

        Raises:
            SpekoApiError: the gateway refused the connection.
            httpx.ConnectError: it could not be reached.
        """
        attributed = {**opening, "sessionId": self._session_id} if self._session_id else opening
        try:
            socket = await connect(
                self._base_url.replace("http", "ws", 1) + "/v1/transcribe/stream",
                additional_headers=self._headers,
                open_timeout=self._timeout.connect,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                compression=None,
                proxy=None,
            )
        except InvalidStatus as refused:
            raise _refused(refused.response.status_code, bytes(refused.response.body or b"")) from refused
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise httpx.ConnectError("no connection") from error
        async with socket:
            await socket.send(json.dumps(attributed))
            yield socket

    async def agent_tools(self, agent_id: str) -> list[JsonObject]:
        """The tools of an agent that can run now, as `/v1/complete` takes them; raises as `transcribe` does."""
        url = f"{self._base_url}/v1/agents/{quote(agent_id, safe='')}/tools"
        async with self._http.stream(
            "GET", url, params={"available": "1"}, headers=self._headers, timeout=self._timeout
        ) as response:
            if response.status_code >= 400:
                raise await _api_error(response)
            rows: list[JsonObject] = json.loads(await response.aread())
        return [_chat_tool(row) for row in rows]

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
    return _refused(response.status_code, body)


def _refused(status: int, body: bytes) -> SpekoApiError:
    try:
        parsed = json.loads(body)
        return SpekoApiError(str(parsed["error"]), status, str(parsed["code"]), _reasons(parsed))
    except (ValueError, TypeError, KeyError):
        return SpekoApiError("The gateway answered without a documented error.", status, "UNKNOWN")


def _chat_tool(row: JsonObject) -> JsonObject:
    source = row["source"]
    shown = {name: row[name] for name in ("name", "description", "parameters", "preToolSpeech")}
    return {**shown, "source": source, "executionMode": source.get("kind") if isinstance(source, dict) else None}


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
