"""One body, two doors: the same test enters over REST and over MCP."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import httpx

from speko_core import registry
from speko_core.deps import Deps
from speko_core.operations import Http
from tests.conftest import rest_client
from tests.mcp.client import mcp_client


@dataclass(frozen=True)
class Answer:
    """What a door answered: `code` is None on success."""

    value: Any
    code: str | None
    message: str = ""


class Door(Protocol):
    """Calls one operation."""

    async def call(self, operation_id: str, **arguments: object) -> Answer:
        """Send the arguments in wire names."""
        ...


class RestDoor:
    """The REST binding over HTTP."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def call(self, operation_id: str, **arguments: object) -> Answer:
        """Put path fields into the path, the rest into query or body."""
        http = cast(Http, registry.by_id(operation_id).http)
        names = re.findall(r"{(\w+)}", http.path)
        path = http.path.format(**{name: arguments[name] for name in names})
        rest: Mapping[str, Any] = {name: value for name, value in arguments.items() if name not in names}
        if http.method in ("GET", "DELETE"):
            answer = await self._client.request(http.method, path, params=rest)
        else:
            answer = await self._client.request(http.method, path, json=rest)
        value = answer.json() if answer.content else None
        if answer.status_code < 400:
            return Answer(value, None)
        return Answer(value, value["code"], value["error"])


class McpDoor:
    """The tool binding over Streamable HTTP."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def call(self, operation_id: str, **arguments: object) -> Answer:
        """Call the operation's tool; lists come wrapped in an object and are unwrapped here."""
        tool = registry.by_id(operation_id).tool
        assert tool is not None, f"{operation_id} has no tool"
        result = await self._client.call_tool(tool.name, arguments, raise_on_error=False)
        structured = result.structured_content or json.loads(result.content[0].text)
        if result.is_error:
            return Answer(structured, structured["error"]["code"], structured["error"]["message"])
        value = structured[tool.items_as] if tool.items_as else structured
        return Answer(value, None)


@asynccontextmanager
async def open_door(name: str, deps: Deps, key: str) -> AsyncIterator[Door]:
    """Open `rest` or `mcp` as the holder of `key`."""
    if name == "rest":
        async with rest_client(deps, key) as client:
            yield RestDoor(client)
        return
    async with mcp_client(deps, key) as client:
        yield McpDoor(client)
