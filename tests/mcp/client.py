"""An MCP client of the product in process, over real HTTP messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal

import httpx2
from fastmcp import Client
from fastmcp.client.elicitation import ElicitationHandler, ElicitResult
from fastmcp.client.transports import StreamableHttpTransport

from speko_core.deps import Deps
from speko_mcp.server import build_mcp_app

Era = Literal["auto", "legacy"]


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


async def agree(message: str, response_type: Any, params: Any, context: Any) -> ElicitResult[Any]:
    """The person behind the client says yes to every question."""
    return ElicitResult(action="accept", content={"confirm": True})


async def refuse(message: str, response_type: Any, params: Any, context: Any) -> ElicitResult[Any]:
    """The person behind the client says no to every question."""
    return ElicitResult(action="decline")


@asynccontextmanager
async def mcp_client(
    deps: Deps, key: str, *, era: Era = "auto", query: str = "", person: ElicitationHandler | None = agree
) -> AsyncIterator[Client[Any]]:
    """A client connected as the holder of `key`: the stateless era by default, handshakes with `legacy`.

    `person` answers what the server asks; None is a client that cannot put questions to anybody.
    """
    door = build_mcp_app(deps)

    def client_of(**options: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=door.app), **options)

    url = f"{deps.settings.base_url}/mcp{query}"
    transport = StreamableHttpTransport(url, auth=key, httpx_client_factory=client_of)
    async with in_own_task(door.lifespan()), Client(transport, mode=era, elicitation_handler=person) as client:
        yield client
