"""A served gateway, sessions made over REST, and callers on the realtime socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from speko_core.deps import Deps
from speko_gateway.app import create_app
from speko_gateway.serve import server_config
from speko_gateway.streams.conversations import Conversations
from tests.conftest import Tenant, with_deps
from tests.serving import listening, served

DEADLINE_S = 10.0
Frame = dict[str, Any]


@dataclass
class House:
    """A gateway that serves, and the organization that calls it."""

    deps: Deps
    tenant: Tenant
    url: str
    conversations: Conversations

    async def create(self, key: str | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Frame:
        """Create a session; the answer's body, with the status as `status`."""
        auth = {"Authorization": f"Bearer {key or self.tenant.key}", **(headers or {})}
        async with httpx.AsyncClient(base_url=self.url, headers=auth, timeout=30) as client:
            answer = await client.post("/v1/sessions", json={"mode": "s2s", **fields})
        return {**answer.json(), "status": answer.status_code}

    async def add_tool(self, name: str, **fields: Any) -> None:
        """Give the agent a tool."""
        auth = {"Authorization": f"Bearer {self.tenant.key}"}
        tool = {
            "name": name,
            "description": "Finds something.",
            "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
            **fields,
        }
        async with httpx.AsyncClient(base_url=self.url, headers=auth, timeout=30) as client:
            answered = await client.post(f"/v1/agents/{self.tenant.agent_id}/tools", json=tool)
        assert answered.status_code == 201, answered.text

    async def get(self, path: str) -> Frame:
        """Read something with the owner's key."""
        auth = {"Authorization": f"Bearer {self.tenant.key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=auth, timeout=30) as client:
            found: Frame = (await client.get(path)).json()
        return found

    @asynccontextmanager
    async def call(
        self, session: Frame, token: str | None = None, reads_ahead: int | None = None
    ) -> AsyncIterator["Talk"]:
        """The caller's side of a session's socket; `reads_ahead` bounds the frames that wait unread."""
        protocols = [Subprotocol(token or session["wsToken"])]
        async with connect(
            session["wsUrl"], subprotocols=protocols, proxy=None, open_timeout=DEADLINE_S, max_queue=reads_ahead
        ) as socket:
            yield Talk(socket)

    async def post(self, path: str) -> None:
        """Do something with the owner's key."""
        auth = {"Authorization": f"Bearer {self.tenant.key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=auth, timeout=30) as client:
            (await client.post(path)).raise_for_status()

    async def ended(self, session_id: str) -> Frame:
        """The session, once it is over."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found = await self.get(f"/v1/sessions/{session_id}")
                if found["status"] in ("ended", "failed", "expired"):
                    return found
                await asyncio.sleep(0.02)


@dataclass
class Talk:
    """What a caller says and hears."""

    socket: ClientConnection
    frames: list[Frame] = field(default_factory=list)
    audio: bytearray = field(default_factory=bytearray)

    async def say(self, *frames: bytes | Frame) -> None:
        """Send audio and commands."""
        for frame in frames:
            await self.socket.send(frame if isinstance(frame, bytes) else orjson.dumps(frame).decode())

    async def until(self, kind: str, **fields: Any) -> Frame:
        """The next frame of this kind with these fields; what comes before it is kept."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                frame = await self._next()
                if frame.get("t") == kind and all(frame.get(name) == value for name, value in fields.items()):
                    return frame

    async def _next(self) -> Frame:
        message = await self.socket.recv()
        if isinstance(message, bytes):
            self.audio += message
            return {"t": "audio"}
        frame: Frame = orjson.loads(message)
        self.frames.append(frame)
        return frame

    async def to_the_end(self) -> int | None:
        """Take everything until the gateway closes; the close code."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                while True:
                    await self._next()
            except ConnectionClosed:
                return self.socket.close_code


@asynccontextmanager
async def serving(deps: Deps, tenant: Tenant) -> AsyncIterator[House]:
    """The web role as it is served, on a free port that it knows itself to be reached at."""
    with listening() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        here = with_deps(deps, settings=deps.settings.model_copy(update={"public_url": url}))
        app = create_app(here)
        async with served(server_config(app, here.settings), listener):
            yield House(here, tenant, url, app.state.conversations)
