"""The worker's calls to the gateway: the only thing it talks to besides the caller.

`WorkerApi` carries the worker's own credential, `SessionApi` the one of a claimed session.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject

TIMEOUT = httpx.Timeout(connect=3.0, read=10.0, write=10.0, pool=5.0)
# The answer to a file comes when the store has it.
UPLOAD_TIMEOUT = httpx.Timeout(connect=3.0, read=60.0, write=10.0, pool=5.0)
PIECE_BYTES = 262_144


class GatewayError(Exception):
    """The gateway refused (`status`) or could not be reached (None)."""

    def __init__(self, status: int | None, code: str) -> None:
        super().__init__(f"gateway: {code}")
        self.status = status
        self.code = code

    @property
    def is_final(self) -> bool:
        """True when the same request will never be accepted: a 4xx other than 408, 425 and 429."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in (408, 425, 429)


class Claim(BaseModel):
    """What claiming a session yields, once: its plan and the credential for its own calls."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    plan: SessionPlan
    token: str
    expires_at: str


@dataclass(frozen=True)
class Registration:
    """What a worker says about itself every two seconds."""

    instance_id: str
    address: str
    capacity: int
    active: int
    ready: bool

    def to_wire(self) -> JsonObject:
        """The heartbeat body."""
        return {
            "instanceId": self.instance_id,
            "address": self.address,
            "capacity": self.capacity,
            "active": self.active,
            "ready": self.ready,
        }


class _Caller:
    def __init__(self, http: httpx.AsyncClient, base_url: str, token: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}

    async def post(self, path: str, body: JsonObject) -> httpx.Response:
        try:
            response = await self._http.post(self._base_url + path, json=body, headers=self._headers, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise GatewayError(None, type(error).__name__) from error
        return _accepted(response)

    async def put_file(self, path: str, file: str, headers: dict[str, str]) -> None:
        sent = {**self._headers, **headers}
        try:
            url = self._base_url + path
            response = await self._http.put(url, content=_pieces(file), headers=sent, timeout=UPLOAD_TIMEOUT)
        except httpx.HTTPError as error:
            raise GatewayError(None, type(error).__name__) from error
        _accepted(response)


async def _pieces(file: str) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(open, file, "rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE_BYTES):
            yield piece


def _accepted(response: httpx.Response) -> httpx.Response:
    if response.status_code >= 400:
        raise GatewayError(response.status_code, _code(response))
    return response


def _code(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return "UNKNOWN"
    return str(body.get("code", "UNKNOWN")) if isinstance(body, dict) else "UNKNOWN"


class WorkerApi:
    """Registration and claims. Every method raises `GatewayError`."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, token: str) -> None:
        self._call = _Caller(http, base_url, token)

    async def heartbeat(self, registration: Registration) -> None:
        """Tell the gateway where we are and how full."""
        await self._call.post("/internal/workers/heartbeat", registration.to_wire())

    async def claim(self, session_id: str, instance_id: str) -> Claim:
        """Take a session; the second claim of the same session is refused with 409."""
        response = await self._call.post(f"/internal/sessions/{session_id}/claim", {"instanceId": instance_id})
        try:
            return Claim.model_validate_json(response.content)
        except ValidationError:
            # A gateway of another version: its plan says things this worker does not know.
            raise GatewayError(None, "PLAN_NOT_UNDERSTOOD") from None


class SessionApi:
    """What a running session reports. Every method raises `GatewayError`."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, session_id: str, token: str, instance_id: str) -> None:
        self._call = _Caller(http, base_url, token)
        self._session_id = session_id
        self._instance_id = instance_id

    async def heartbeat(self) -> str:
        """Say that the session lives; returns its status as the gateway sees it."""
        path = f"/internal/sessions/{self._session_id}/heartbeat"
        response = await self._call.post(path, {"instanceId": self._instance_id})
        return str(response.json().get("status", ""))

    async def post_turns(self, turns: list[JsonObject]) -> None:
        """Store 1 to 200 turns; the same index replaces."""
        await self._call.post(f"/v1/sessions/{self._session_id}/turns", {"turns": [*turns]})

    async def post_spans(self, trace: JsonObject) -> None:
        """Store where the time of the call went; doing it again replaces."""
        await self._call.post(f"/internal/sessions/{self._session_id}/spans", trace)

    async def upload_recording(self, path: str, duration_ms: int) -> None:
        """Send the file, piece by piece; doing it again replaces what came."""
        size = await asyncio.to_thread(os.path.getsize, path)
        headers = {"content-type": "audio/ogg", "content-length": str(size), "x-speko-duration-ms": str(duration_ms)}
        await self._call.put_file(f"/internal/sessions/{self._session_id}/recording", path, headers)

    async def recording_failed(self) -> None:
        """Say that there will be no recording; saying it twice is harmless."""
        await self._call.post(f"/internal/sessions/{self._session_id}/recording-failed", {})

    async def finish(self, status: str, reason: str, error: str | None) -> None:
        """Close the session's record; saying it twice is harmless."""
        body: JsonObject = {"instanceId": self._instance_id, "status": status, "reason": reason}
        if error:
            body["error"] = error
        await self._call.post(f"/internal/sessions/{self._session_id}/finish", body)
