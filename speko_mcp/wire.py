"""Plain messages of both protocol eras: one request in, one JSON answer out, in the framework's own bytes.

The eras differ in how a body is read, where the protocol version stands, and how an answer is written; the shape of
both comes from the SDK's models, so that an answer made here is the one the framework would have made.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pydantic_core
from fastmcp.tools import ToolResult
from mcp.shared.inbound import InboundModernRoute, classify_inbound_request
from mcp_types import SERVER_INFO_META_KEY, CallToolResult, methods
from mcp_types.jsonrpc import JSONRPCResponse
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from speko_core.types import JsonObject

NAME, VERSION = "speko", version("speko")
CALL, LIST = "tools/call", "tools/list"
# What a handshake-era request without the header counts as.
_UNSTATED_VERSION = "2025-03-26"
_ENVELOPE = frozenset({"jsonrpc", "id", "method", "params"})
# What clients add to a request without asking for another kind of answer.
_PLAIN_META = frozenset(
    {
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientCapabilities",
        "io.modelcontextprotocol/clientInfo",
        "claudecode/toolUseId",
        "progressToken",
    }
)
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Request:
    """A request that one JSON object answers."""

    id: int | str
    method: str
    params: dict[str, Any]
    version: str

    @property
    def modern(self) -> bool:
        """Whether it is of the stateless era."""
        return self.version in MODERN_PROTOCOL_VERSIONS

    @property
    def meta(self) -> Mapping[str, object]:
        """What the client says beside the parameters."""
        meta: Mapping[str, object] = self.params.get("_meta", {})
        return meta


def read(headers: Headers, body: bytes) -> Request | None:
    """The request, or None where the framework is to read it itself: anything unusual, anything wrong."""
    stated = headers.get("mcp-protocol-version", _UNSTATED_VERSION)
    modern = stated in MODERN_PROTOCOL_VERSIONS
    if not modern and stated not in HANDSHAKE_PROTOCOL_VERSIONS:
        return None
    try:
        message = json.loads(body) if modern else pydantic_core.from_json(body)
        request = _request(message, stated)
        if request is None:
            return None
        methods.validate_client_request(request.method, stated, request.params)
    except (ValueError, RecursionError, KeyError):
        return None
    return request if not modern or _agrees(message, headers) else None


def _request(message: object, stated: str) -> Request | None:
    if not isinstance(message, dict) or not message.keys() <= _ENVELOPE or message.get("jsonrpc") != "2.0":
        return None
    identifier, method, params = message.get("id"), message.get("method"), message.get("params", {})
    if not isinstance(identifier, int | str) or isinstance(identifier, bool) or not isinstance(params, dict):
        return None
    if method not in (CALL, LIST):
        return None
    meta = params.get("_meta", {})
    if not isinstance(meta, dict) or not meta.keys() <= _PLAIN_META:
        return None
    return Request(identifier, method, params, stated)


def _agrees(message: dict[str, Any], headers: Headers) -> bool:
    return isinstance(classify_inbound_request(message, headers=headers), InboundModernRoute)


def result_of(result: ToolResult, request: Request) -> JsonObject:
    """What a tool answered, as the request's protocol version shapes it."""
    whole = CallToolResult(
        content=result.content, structured_content=result.structured_content, is_error=result.is_error
    )
    dumped = whole.model_dump(by_alias=True, mode="json", exclude_none=True)
    shaped: JsonObject = methods.serialize_server_result(request.method, request.version, dumped)
    if request.modern:
        # The framework stamps what it sends in this era.
        shaped["_meta"] = {SERVER_INFO_META_KEY: {"name": NAME, "version": VERSION}}
    return shaped


def opening(request: Request) -> bytes:
    """How every answer with a result begins."""
    return answer(request, {})[: -len("{}}")]


def answer(request: Request, result: JsonObject) -> bytes:
    """The answer on the wire."""
    response = JSONRPCResponse(jsonrpc="2.0", id=request.id, result=result)
    if not request.modern:
        return response.model_dump_json(by_alias=True, exclude_unset=True).encode()
    return json.dumps(
        response.model_dump(mode="json", by_alias=True, exclude_none=True), separators=(",", ":")
    ).encode()
