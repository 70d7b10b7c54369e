"""A served gateway and scripted workers for tests of the media socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from speko_core.deps import Deps
from speko_gateway.app import create_app
from speko_gateway.serve import server_config
from tests.conftest import rest_client
from tests.serving import served

PROTOCOL = Subprotocol("speko.media.v1")
DEADLINE_S = 10.0


@asynccontextmanager
async def gateway(deps: Deps) -> AsyncIterator[str]:
    """The web role as it is served, on a free port; yields its base URL."""
    async with served(server_config(create_app(deps), deps.settings)) as url:
        yield url.replace("http", "ws", 1)


@dataclass
class ScriptedWorker:
    """A worker's media socket that follows `script`; keeps what it saw."""

    script: Callable[[ServerConnection], Awaitable[None]]
    address: str = ""
    paths: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    close_codes: list[int | None] = field(default_factory=list)

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        self.credentials.append(connection.request.headers["Authorization"])
        try:
            await self.script(connection)
        except ConnectionClosed:
            pass
        finally:
            await connection.wait_closed() if connection.close_code else await connection.close()
            self.close_codes.append(connection.close_code)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["ScriptedWorker"]:
        async with serve(self.handle, "127.0.0.1", 0, subprotocols=[PROTOCOL], compression=None) as server:
            self.address = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield self


async def echo(connection: ServerConnection) -> None:
    """Send back every frame."""
    async for frame in connection:
        await connection.send(frame)


async def register(deps: Deps, address: str, name: str = "worker-1", **fields: Any) -> None:
    """What a worker says about itself every two seconds."""
    body = {"instanceId": name, "address": address, "capacity": 4, "active": 0, "ready": True, **fields}
    async with rest_client(deps, deps.worker_token) as client:
        answer = await client.post("/internal/workers/heartbeat", json=body)
    assert answer.json() == {"ok": True}


def call(base_url: str, created: dict[str, Any], token: str | None = None) -> connect:
    """The caller's side, as the talk page opens it."""
    return connect(
        f"{base_url}/v1/sessions/{created['sessionId']}/media",
        subprotocols=[PROTOCOL, Subprotocol(token or created["transportToken"])],
        open_timeout=DEADLINE_S,
        proxy=None,
        max_queue=4,
    )


async def close_code(connection: ClientConnection) -> int | None:
    """Read to the end; the code it was closed with."""
    async with asyncio.timeout(DEADLINE_S):
        try:
            async for _ in connection:
                continue
        except ConnectionClosed:
            pass
    return connection.close_code


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():  # noqa: ASYNC110 - what is awaited is in another library and has no event
            await asyncio.sleep(0.01)
