"""An MCP client of the product in process, over real HTTP messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx2
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from speko_core.deps import Deps
from speko_mcp.server import build_mcp_app

Era = Literal["auto", "legacy"]


@asynccontextmanager
async def mcp_client(deps: Deps, key: str, *, era: Era = "auto", query: str = "") -> AsyncIterator[Client[Any]]:
    """A client connected as the holder of `key`: the stateless era by default, handshakes with `legacy`."""
    door = build_mcp_app(deps)

    def client_of(**options: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=door.app), **options)

    transport = StreamableHttpTransport(
        f"{deps.settings.base_url}/mcp{query}", auth=key, httpx_client_factory=client_of
    )
    async with door.lifespan(), Client(transport, mode=era) as client:
        yield client
