"""MCP servers of other people as a port: what they offer, and calling it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from speko_core.types import JsonObject

# What the source of a tool names as its app where an MCP server runs it.
APP_KEY = "mcp"


@dataclass(frozen=True)
class ToolServer:
    """Where a server is. `protocol` is the revision it spoke before: a hint that saves the negotiation."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    protocol: str | None = None


@dataclass(frozen=True)
class RemoteTool:
    """A tool as its server describes it; every text is the server's."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True)
class Discovery:
    """What a server said of itself."""

    protocol: str
    tools: tuple[RemoteTool, ...]


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool answered, or said about its failure: the server's words, never trusted."""

    text: str
    failed: bool = False


class ToolServerFailed(Exception):
    """No usable answer came. The text is ours, the end of a sentence; `said` is the server's own, never trusted."""

    def __init__(self, problem: str, said: str = "") -> None:
        super().__init__(problem)
        self.said = said


class ToolServers(Protocol):
    """Talks to MCP servers, within `timeout_s` seconds a request."""

    async def discover(self, server: ToolServer, *, timeout_s: float) -> Discovery:
        """List the tools of a server.

        Raises:
            ToolServerFailed: it cannot be reached, or answered nothing usable.
        """
        ...

    async def call(
        self, server: ToolServer, tool: str, arguments: JsonObject, *, idempotency_key: str, timeout_s: float
    ) -> ToolAnswer:
        """Call a tool; a repetition of the same call carries the same key.

        Raises:
            ToolServerFailed: no answer came, or none that the protocol allows.
        """
        ...
