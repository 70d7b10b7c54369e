"""The tools that an agent has in the gateway, for a session that runs in somebody's own worker."""

import asyncio
from collections.abc import Callable

import httpx

from speko_core.types import JsonObject
from speko_worker.plugins.client import SpekoClient
from speko_worker.plugins.errors import SpekoApiError

ErrorSink = Callable[[Exception], None]


def ignore_error(_error: Exception) -> None:
    """The sink of somebody who does not want to know."""


class RegisteredTools:
    """Fetched once, at the first completion. A failure costs these tools, never the conversation."""

    def __init__(self, speko: SpekoClient, agent_id: str, on_error: ErrorSink = ignore_error) -> None:
        self._speko, self._agent_id, self._on_error = speko, agent_id, on_error
        self._lock = asyncio.Lock()
        self._tools: list[JsonObject] | None = None

    async def merged_with(self, runtime: list[JsonObject]) -> list[JsonObject]:
        """All tools of a completion; a registered one takes the place of a runtime one of the same name."""
        registered = await self._loaded()
        names = {tool["name"] for tool in registered}
        return [*registered, *(tool for tool in runtime if tool["name"] not in names)]

    async def _loaded(self) -> list[JsonObject]:
        async with self._lock:
            if self._tools is None:
                self._tools = await self._load()
            return self._tools

    async def _load(self) -> list[JsonObject]:
        try:
            return await self._speko.agent_tools(self._agent_id)
        except (SpekoApiError, httpx.HTTPError, ValueError, KeyError) as error:
            self._on_error(error)
            return []
