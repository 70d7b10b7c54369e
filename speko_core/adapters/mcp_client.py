"""One visit to an MCP server with the official client, in whichever era of the protocol the server speaks.

A visit is one connection with one purpose: servers that keep a session get it ended again. Nothing a server sends may
cost more than the visit: its answers are bounded, its schemas are not evaluated, and what it says stays its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import TypeVar

import anyio
import httpx
import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    HEADER_MISMATCH,
    UNSUPPORTED_PROTOCOL_VERSION,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter, ValidationError

from speko_core.adapters.mcp_answers import text_of
from speko_core.adapters.mcp_network import GuardedBridge, bridged_client
from speko_core.outbound.exchange import SENTENCES
from speko_core.ports.tool_servers import Discovery, RemoteTool, ToolAnswer, ToolServer, ToolServerFailed
from speko_core.types import JsonObject

T = TypeVar("T")
MAX_PAGES = 20
KEY = "speko/idempotencyKey"
_RESULT: TypeAdapter[CallToolResult | InputRequiredResult] = TypeAdapter(CallToolResult | InputRequiredResult)
_BAD_ANSWER = "the MCP server gave an answer that the protocol does not know"
_ASKED = "the MCP server asks a person for more input, which an agent cannot give"


class Visit:
    """One visit; all of it within `timeout_s` seconds."""

    def __init__(self, outbound: httpx.AsyncClient, server: ToolServer, timeout_s: float) -> None:
        self._outbound, self._server, self._timeout_s = outbound, server, timeout_s

    async def discover(self) -> Discovery:
        """List the tools.

        Raises:
            ToolServerFailed: with our sentence.
        """
        return await self._negotiated(_listed)

    async def call(self, tool: str, arguments: JsonObject, key: str) -> ToolAnswer:
        """Call one tool.

        Raises:
            ToolServerFailed: with our sentence, and what the server said.
        """
        params = {"name": tool, "arguments": arguments, "_meta": {KEY: key}}
        request = CallToolRequest(params=CallToolRequestParams.model_validate(params))

        async def called(client: Client) -> ToolAnswer:
            return _answer(await _sent(client, request))

        return await self._negotiated(called)

    async def _negotiated(self, act: Callable[[Client], Awaitable[T]]) -> T:
        """Act in the revision of last time, and negotiate where the server has left it behind."""
        known = self._server.protocol
        if known not in MODERN_PROTOCOL_VERSIONS:
            return await self._visited(act, "auto")
        try:
            return await self._visited(act, known)
        except _Outdated:
            return await self._visited(act, "auto")

    async def _visited(self, act: Callable[[Client], Awaitable[T]], mode: str) -> T:
        bridge = GuardedBridge(self._outbound, self._timeout_s)
        done: list[T] = []
        try:
            async with asyncio.timeout(self._timeout_s), bridged_client(bridge, dict(self._server.headers)) as http:
                transport = streamable_http_client(self._server.url, http_client=http)
                async with Client(transport, mode=mode, cache=None, client_info=_introduction()) as client:
                    done.append(await act(client))
        except _FAILURES as error:
            # Ending a session is a courtesy: it costs nobody the answer.
            if not done:
                raise _failed(error, bridge, mode) from None
        return done[0]


class _Outdated(ToolServerFailed):
    """The server does not speak this revision any more."""


_FAILURES = (
    TimeoutError,
    MCPError,
    ToolServerFailed,
    httpx2.HTTPError,
    ValidationError,
    ValueError,
    RuntimeError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    ExceptionGroup,
)


def _introduction() -> Implementation:
    return Implementation(name="speko", version=version("speko"))


async def _listed(client: Client) -> Discovery:
    found: list[RemoteTool] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        found += [RemoteTool(tool.name, tool.description or "", tool.input_schema) for tool in page.tools]
        cursor = page.next_cursor
        if not cursor:
            return Discovery(client.protocol_version, tuple(found))
    raise ToolServerFailed(f"the MCP server lists its tools on more than {MAX_PAGES} pages")


async def _sent(client: Client, request: CallToolRequest) -> CallToolResult | InputRequiredResult:
    """The result as it came: `call_tool` would fetch the list of tools to evaluate schemas of the server's."""
    try:
        return await client.session.send_request(request, _RESULT)
    except MCPError as error:
        if error.code != HEADER_MISMATCH:
            raise
    # The revision of 2026-07-28 lets a server ask for arguments in headers; the list says for which. It ran nothing.
    await client.list_tools()
    return await client.session.send_request(request, _RESULT)


def _answer(result: CallToolResult | InputRequiredResult) -> ToolAnswer:
    if isinstance(result, InputRequiredResult):
        raise ToolServerFailed(_ASKED)
    return ToolAnswer(text_of(result), failed=result.is_error)


def _failed(error: Exception, bridge: GuardedBridge, mode: str) -> ToolServerFailed:
    if isinstance(error, MCPError) and error.code == UNSUPPORTED_PROTOCOL_VERSION and mode != "auto":
        return _Outdated(_BAD_ANSWER)
    if isinstance(error, ToolServerFailed):
        return error
    if bridge.failure:
        return ToolServerFailed(SENTENCES[bridge.failure])
    if isinstance(error, TimeoutError):
        return ToolServerFailed(SENTENCES["timeout"])
    if bridge.status in (401, 403):
        return ToolServerFailed(f"the MCP server refused the credentials, with HTTP status {bridge.status}")
    if bridge.status >= 400:
        return ToolServerFailed(f"the URL answered with HTTP status {bridge.status}", _said(error))
    if isinstance(error, MCPError):
        return ToolServerFailed(f"the MCP server refused the request, with error {error.code}", _said(error))
    return ToolServerFailed(_BAD_ANSWER)


def _said(error: Exception) -> str:
    return error.message if isinstance(error, MCPError) else ""
