"""Requests as a client writes them, sent down both roads: the short one, and the framework's."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from starlette.types import ASGIApp, Message

from speko_core.deps import Deps
from speko_mcp.server import build_mcp_app
from tests.mcp.processes import mcp_server
from tests.secret_watch import Watched

MODERN, LEGACY = "2026-07-28", "2025-06-18"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def message(self) -> Any:
        """The JSON of the body."""
        return json.loads(self.body)


class Counting(Middleware):
    """Counts the calls that the framework gets to see from clients."""

    def __init__(self) -> None:
        self.calls = 0

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """One more."""
        self.calls += 1
        return await call_next(context)


@dataclass(frozen=True)
class Roads:
    """One MCP server, and how many messages took its long road."""

    app: ASGIApp
    host: str
    counting: Counting

    async def ask(self, key: str, body: bytes, query: str = "", **headers: str) -> Answer:
        """Send one request."""
        given = {
            "host": self.host, "authorization": f"Bearer {key}", "content-type": "application/json",
            "accept": "application/json, text/event-stream",
        } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/mcp",
            "raw_path": b"/mcp", "root_path": "", "scheme": "http", "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        sent: list[Message] = []
        coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not coming:
                await asyncio.Event().wait()
            return coming.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        async with asyncio.timeout(20):
            await self.app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(int(sent[0]["status"]), tuple(sent[0]["headers"]), content)

    async def both(self, key: str, body: bytes, query: str = "", **headers: str) -> tuple[Answer, Answer]:
        """The answers of the short road and of the framework, which alone takes a content type with a parameter."""
        long = {**headers, "content_type": "application/json; charset=utf-8"}
        return await self.ask(key, body, query, **headers), await self.ask(key, body, query, **long)


@asynccontextmanager
async def roads(deps: Deps) -> AsyncIterator[Roads]:
    """A running MCP server."""
    counting = Counting()

    def extend(server: FastMCP[None]) -> None:
        server.add_middleware(counting)

    async with mcp_server(deps, partial(build_mcp_app, extend=extend)) as app:
        yield Roads(Watched(app), deps.settings.base_url.removeprefix("http://"), counting)


def message(
    method: str, params: Mapping[str, object] | None, version: str, identifier: object = 1, token: object = None
) -> bytes:
    """A request on the wire; with a progress token where one is given."""
    meta = (META if version == MODERN else {}) | ({"progressToken": token} if token else {})
    whole = dict(params or {}) | ({"_meta": meta} if meta else {})
    sent = {"jsonrpc": "2.0", "id": identifier, "method": method, **({"params": whole} if whole else {})}
    return json.dumps(sent).encode()


def era(version: str, method: str, name: str | None = None) -> dict[str, str]:
    """The headers of a protocol version."""
    if version != MODERN:
        return {"mcp_protocol_version": version}
    named = {"mcp_name": name} if name is not None else {}
    return {"mcp_protocol_version": version, "mcp_method": method, **named}
