"""One MCP server out of several web roles, each request served by the next: what a proxy in front of them does.

`SPEKO_TEST_WEB_ROLES=2 pytest tests/mcp` runs every test of the folder that way. The roles share the database and what
a test put in place of the outside; caches, limits, keys and connections each has its own, as separate processes do.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from itertools import cycle

from starlette.types import ASGIApp, Receive, Scope, Send

from speko_core.deps import Deps, build_deps
from speko_gateway.app import create_app
from speko_mcp.server import McpDoor, build_mcp_app
from tests.conftest import with_deps

ROLES = int(os.environ.get("SPEKO_TEST_WEB_ROLES", "1"))
Build = Callable[[Deps], McpDoor]


@asynccontextmanager
async def in_own_task(context: AbstractAsyncContextManager[object]) -> AsyncIterator[None]:
    """Enter and leave a context in one task, because fixtures are set up and torn down in different ones."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with context:
            entered.set()
            await leave.wait()

    task = asyncio.create_task(hold())
    entering = asyncio.create_task(entered.wait())
    await asyncio.wait({task, entering}, return_when=asyncio.FIRST_COMPLETED)
    entering.cancel()
    if not entered.is_set():
        await task
    try:
        yield
    finally:
        leave.set()
        await task


class Turns:
    """An ASGI application that hands each request to the next of several."""

    def __init__(self, apps: list[ASGIApp]) -> None:
        self.asked = [0] * len(apps)
        self._turns = cycle(enumerate(apps))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        number, app = next(self._turns)
        self.asked[number] += scope["type"] == "http"
        await app(scope, receive, send)


@asynccontextmanager
async def other_process(deps: Deps) -> AsyncIterator[Deps]:
    """A second process of the same installation, with the same outside."""
    fresh = build_deps(deps.settings)
    outside = {
        "clock": deps.clock, "providers": deps.providers, "jobs": deps.jobs, "rooms": deps.rooms, "blobs": deps.blobs,
        "embedders": deps.embedders, "outbound": deps.outbound, "integrations": deps.integrations,
        "tool_servers": deps.tool_servers, "mail": deps.mail,
    }  # fmt: skip
    try:
        yield with_deps(fresh, **outside)
    finally:
        await fresh.aclose()


@asynccontextmanager
async def mcp_server(
    deps: Deps, build: Build = build_mcp_app, roles: int = ROLES, *, web: bool = False
) -> AsyncIterator[Turns]:
    """A running MCP server of so many roles; with `web`, their pages and REST beside it."""
    async with AsyncExitStack() as running:
        every = [deps, *[await running.enter_async_context(other_process(deps)) for _ in range(roles - 1)]]
        apps: list[ASGIApp] = []
        for one in every:
            door = build(one)
            await running.enter_async_context(in_own_task(door.lifespan()))
            apps.append(create_app(one, mcp_app=door.app) if web else door.app)
        yield Turns(apps)
