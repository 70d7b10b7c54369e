"""A conversation with an MCP server as a client would begin it: `initialize`, then `tools/list`.

Streamable HTTP of revision 2025-11-25; a server may answer in JSON or as events.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from importlib.metadata import version

import httpx

from speko_core.types import JsonObject, JsonValue

PROTOCOL = "2025-11-25"
TIMEOUT_S = 10.0
WHOLE_TIMEOUT_S = 30.0
MAX_PAGES = 20
_METADATA = re.compile(r'resource_metadata="([^"]+)"')


class Failed(Exception):
    """The server did not do what a client needs; `fix` says what to do."""

    def __init__(self, detail: str, fix: str) -> None:
        super().__init__(detail)
        self.fix = fix


class SignInNeeded(Exception):
    """The server answers, and a client without a credential can find where to sign in."""


async def count_tools(http: httpx.AsyncClient, url: str, bearer: str | None) -> int:
    """How many tools the server shows to this caller.

    Raises:
        SignInNeeded: there is no credential, and OAuth is on offer.
        Failed: anything else than tools.
    """
    headers = {"Accept": "application/json, text/event-stream"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    try:
        async with asyncio.timeout(WHOLE_TIMEOUT_S):
            return await _converse(http, url, headers)
    except (httpx.TransportError, httpx.InvalidURL, TimeoutError) as error:
        slow = isinstance(error, httpx.TimeoutException | TimeoutError)
        detail = "answers too slowly" if slow else "does not answer"
        fix = "Start it with `speko up`, or correct the address with `speko init --url`."
        raise Failed(f"The server {detail}.", fix) from None


async def _converse(http: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> int:
    about: JsonObject = {"name": "speko-init", "version": version("speko")}
    opening: JsonObject = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": about}
    response = await http.post(url, headers=headers, json=_message("initialize", opening, 1))
    if response.status_code == httpx.codes.UNAUTHORIZED:
        await _examine_refusal(http, url, response, has_key="Authorization" in headers)
    chosen = str(_result(response).get("protocolVersion"))
    headers = {**headers, "MCP-Protocol-Version": chosen}
    session = response.headers.get("mcp-session-id")
    if session:
        headers["Mcp-Session-Id"] = session
    await http.post(url, headers=headers, json=_message("notifications/initialized", {}))
    try:
        return await _tools(http, url, headers)
    finally:
        if session:
            await http.delete(url, headers=headers)


async def _tools(http: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> int:
    found, cursor = 0, None
    for page in range(MAX_PAGES):
        params: JsonObject = {"cursor": cursor} if cursor else {}
        result = _result(await http.post(url, headers=headers, json=_message("tools/list", params, page + 2)))
        tools, cursor = result.get("tools"), result.get("nextCursor")
        found += len(tools) if isinstance(tools, list) else 0
        if not cursor:
            break
    return found


async def _examine_refusal(http: httpx.AsyncClient, url: str, response: httpx.Response, *, has_key: bool) -> None:
    if has_key:
        fix = "Make another with `speko keys create`, set SPEKO_API_KEY to it and run `speko init --api-key`."
        raise Failed("The server refuses the key.", fix)
    found = _METADATA.search(response.headers.get("www-authenticate", ""))
    described = await http.get(found.group(1)) if found else None
    resource = _object(described).get("resource") if described is not None and described.is_success else None
    if resource is None:
        raise Failed("The server asks for a credential and does not say where to sign in.", "Use an API key.")
    if resource != url.partition("?")[0]:
        fix = f"Run `speko init --url {resource}`."
        raise Failed(f"The server calls itself {resource}, so clients refuse to sign in.", fix)
    raise SignInNeeded


def _message(method: str, params: JsonObject, number: int | None = None) -> JsonObject:
    message: JsonObject = {"jsonrpc": "2.0", "method": method, "params": params}
    return message if number is None else {**message, "id": number}


def _result(response: httpx.Response) -> JsonObject:
    result = _object(response).get("result")
    if not response.is_success or not isinstance(result, dict):
        fix = "Check that the address is that of a Speko server, and that it is up to date."
        raise Failed(f"The server answers with HTTP {response.status_code} and no MCP result.", fix)
    return result


def _object(response: httpx.Response) -> JsonObject:
    """The JSON object in an answer, or in its last event."""
    text = response.text
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        text = next((line[5:] for line in reversed(text.splitlines()) if line.startswith("data:")), "")
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
