"""The worker's connections to the gateway."""

import httpx
from httpx_aiohttp import AiohttpTransport

MAX_CONNECTIONS = 100
# Below the five seconds after which the gateway closes an idle connection: a request never meets the close.
KEEPALIVE_S = 3.0


def gateway_client() -> httpx.AsyncClient:
    """A client for all calls of this process; close it."""
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEPALIVE_S)
    return httpx.AsyncClient(transport=AiohttpTransport(limits=limits))
