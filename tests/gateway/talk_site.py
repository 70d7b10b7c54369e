"""The talk page with a scripted media server behind it, on a port of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from speko_gateway.web.static_files import assets_mount, client_mount
from speko_gateway.web.talk_page import talk_page_route
from tests.e2e.mcp_clients import CLIENTS
from tests.gateway.scripted_media import ScriptedMedia
from tests.serving import listening, served

LIBRARY = CLIENTS / "node_modules" / "livekit-client" / "dist" / "livekit-client.esm.mjs"


@dataclass
class TalkSite:
    """A running site: where it is and what its media server does."""

    base_url: str
    media: ScriptedMedia

    def link(self, token: str = "tok_1") -> str:
        """A talk link as `POST /v1/sessions` callers build it."""
        fragment = urlencode({"token": token, "url": f"{self.base_url.replace('http', 'ws')}/v1/sessions/s1/media"})
        return f"{self.base_url}/talk/s1#{fragment}"


@asynccontextmanager
async def talk_site(rooms_url: str = "", library: Path = LIBRARY) -> AsyncIterator[TalkSite]:
    """Serve until the block ends."""
    listener = listening()
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    media = ScriptedMedia()
    routes = [
        talk_page_route(base_url, rooms_url),
        assets_mount(),
        client_mount(library),
        WebSocketRoute("/v1/sessions/{id}/media", media.endpoint),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    async with served(config, listener):
        yield TalkSite(base_url, media)
