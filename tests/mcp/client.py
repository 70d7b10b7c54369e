"""An MCP client of the product in process, over real HTTP messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx2
from fastmcp import Client
from fastmcp.client.elicitation import ElicitationHandler, ElicitResult
from fastmcp.client.transports import StreamableHttpTransport

from speko_core.deps import Deps
from tests.mcp.processes import in_own_task, mcp_server
from tests.secret_watch import Watched

__all__ = ["Era", "agree", "in_own_task", "mcp_client", "refuse"]

Era = Literal["auto", "legacy"]


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
    async with mcp_server(deps) as app:
        watched = Watched(app)

        def client_of(**options: Any) -> httpx2.AsyncClient:
            return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=watched), **options)

        url = f"{deps.settings.base_url}/mcp{query}"
        transport = StreamableHttpTransport(url, auth=key, httpx_client_factory=client_of)
        async with Client(transport, mode=era, elicitation_handler=person) as client:
            yield client
