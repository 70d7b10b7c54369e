"""The headers of a server: which are secret, how their values are named, and that they make sense together."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from speko_core.agents.webhook_config import SecretHeader
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.mcp_servers.models import McpServerRow
from speko_core.types import JsonObject

# What the protocol and the transport set themselves.
_RESERVED = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding"}
)


def header_ref(server_id: str, header: str) -> str:
    """How the value of a secret header is named among the agent's secrets."""
    return f"mcp:{server_id}:{header.lower()}"


def secret_headers(bearer_token: str | None, given: list[SecretHeader] | None) -> list[SecretHeader]:
    """The secret headers as one list; a bearer token is one of them."""
    bearer = [SecretHeader(name="Authorization", value=f"Bearer {bearer_token}")] if bearer_token else []
    return [*bearer, *(given or [])]


def check_names(secret: list[SecretHeader], plain: Mapping[str, object]) -> None:
    """Refuse headers that are ours, and those named twice.

    Raises:
        InvalidInput: with the field.
    """
    names = [name.lower() for name in (*(header.name for header in secret), *plain)]
    for name in names:
        if name in _RESERVED or name.startswith("mcp-"):
            raise invalid("headers", f"{name} is set by us")
    if len(set(names)) < len(names):
        raise invalid("authHeaders", "must name each header once, also among headers and bearerToken")


def references(server_id: str, secret: list[SecretHeader]) -> JsonObject:
    """The reference of each secret header, by its name."""
    return {header.name: header_ref(server_id, header.name) for header in secret}


def values(server_id: str, secret: list[SecretHeader]) -> dict[str, str]:
    """The values that were given, by reference."""
    return {header_ref(server_id, header.name): header.value for header in secret if header.value is not None}


def all_headers(row: McpServerRow, opened: Mapping[str, str]) -> dict[str, str]:
    """The headers that are sent; `opened` are values by reference."""
    secret = {name: opened[str(ref)] for name, ref in row.secret_headers.items() if str(ref) in opened}
    return {**{name: str(value) for name, value in row.headers.items()}, **secret}


def same_origin(one: str, other: str) -> bool:
    """True when secrets of one URL may be sent to the other."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def invalid(field: str, problem: str) -> InvalidInput:
    """One field is wrong."""
    return InvalidInput(f"Invalid request: {field}: {problem}", fields=(FieldProblem(field, problem),))
