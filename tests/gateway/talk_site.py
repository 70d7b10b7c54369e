"""The talk page with a scripted media server behind it, on a port of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute

from speko_gateway.web.static_files import assets_mount, client_mount
from speko_gateway.web.talk_page import talk_page_route
from tests.e2e.mcp_clients import CLIENTS
from tests.gateway.scripted_media import ScriptedMedia
from tests.gateway.scripted_realtime import ScriptedRealtime
from tests.serving import listening, served

LIBRARY = CLIENTS / "node_modules" / "livekit-client" / "dist" / "livekit-client.esm.mjs"


@dataclass
class TalkSite:
    """A running site: where it is and what its media servers do."""

    base_url: str
    media: ScriptedMedia = field(default_factory=ScriptedMedia)
    realtime: ScriptedRealtime = field(default_factory=ScriptedRealtime)

    def socket(self, kind: str) -> str:
        """The address of a socket of session `s1`: `media` or `realtime`."""
        return f"{self.base_url.replace('http', 'ws')}/v1/sessions/s1/{kind}"

    def link(self, token: str = "tok_1") -> str:
        """A talk link as `POST /v1/sessions` callers build it."""
        return f"{self.base_url}/talk/s1#{urlencode({'token': token, 'url': self.socket('media')})}"

    def realtime_link(self) -> str:
        """The talk link of a speech-to-speech session on offline voices."""
        fields = {"mode": "s2s", "sandbox": 1, "token": "tok_1", "url": self.socket("realtime")}
        return f"{self.base_url}/talk/s1#{urlencode(fields)}"


@asynccontextmanager
async def talk_site(rooms_url: str = "", library: Path = LIBRARY) -> AsyncIterator[TalkSite]:
    """Serve until the block ends."""
    listener = listening()
    site = TalkSite(f"http://127.0.0.1:{listener.getsockname()[1]}")
    routes = [
        talk_page_route(site.base_url, rooms_url),
        assets_mount(),
        client_mount(library),
        Route("/elsewhere", _page_of_somebody_else),
        WebSocketRoute("/v1/sessions/{id}/media", site.media.endpoint),
        WebSocketRoute("/v1/sessions/{id}/realtime", site.realtime.endpoint),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    async with served(config, listener):
        yield site


async def _page_of_somebody_else(request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>A customer's page</title><link rel=icon href=data:,>")
