"""Who calls: the principal behind the bearer credential of the request being served."""

from dataclasses import dataclass

from fastmcp.server.auth import AccessToken
from fastmcp.server.dependencies import get_access_token, get_http_request
from pydantic import ConfigDict, Field
from starlette.requests import Request

from speko_core.errors import Unauthorized
from speko_core.execute import Caller
from speko_core.ids import new_id
from speko_core.principal import Principal
from speko_mcp.surface import Surface, surface_of


class PrincipalToken(AccessToken):
    """A verified bearer credential together with the principal it stands for."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    principal: Principal = Field(exclude=True, repr=False)


def token_for(bearer: str, principal: Principal) -> PrincipalToken:
    """Describe a verified credential to the MCP framework."""
    return PrincipalToken(
        token=bearer,
        client_id=principal.id,
        scopes=sorted(principal.scopes),
        subject=principal.user_id or principal.id,
        principal=principal,
    )


def current_principal() -> Principal:
    """The caller of the request being served.

    Raises:
        Unauthorized: the request carries no verified credential.
    """
    token = get_access_token()
    if not isinstance(token, PrincipalToken):
        raise Unauthorized("Unauthorized", hint="Sign in, or send an API key as the bearer credential.")
    return token.principal


@dataclass(frozen=True)
class Wire:
    """Facts of the HTTP request that carried a message."""

    request_id: str
    client_ip: str


def current_request() -> Request:
    """The HTTP request being served."""
    return get_http_request()


def current_wire() -> Wire:
    """Facts of the request being served: its id (the web role's own when it gave one) and the peer's address."""
    request = current_request()
    given = request.scope.get("state", {}).get("request_id")
    return Wire(given or new_id("req"), request.client.host if request.client else "")


def current_surface() -> Surface:
    """What the request being served chose to see.

    Raises:
        Unauthorized: the request carries no verified credential.
    """
    request = current_request()
    return surface_of(request.query_params, request.headers, current_principal().toolsets)


def current_caller() -> Caller:
    """The request's facts for `execute`.

    Raises:
        Unauthorized: the request carries no verified credential.
    """
    wire = current_wire()
    return Caller(principal=current_principal(), door="mcp", request_id=wire.request_id, client_ip=wire.client_ip)
