"""Asking for more: a tool call beyond an app's grant answers 403 with the scope to ask the person for.

Only for connected apps, and only where the person's role could grant it; everything else is refused by the tool
itself, because a client that is sent back to a person who cannot help asks for ever.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from speko_core.accounts.oauth_consent import organizations_of
from speko_core.deps import Deps
from speko_core.principal import Principal
from speko_mcp.bodies import Body, called_tool, message_in
from speko_mcp.discovery import CALL
from speko_mcp.identity import PrincipalToken

# Larger bodies are not looked into; the tool refuses them in its own words.
MAX_BODY_BYTES = 262_144


class StepUp:
    """ASGI middleware around the transport, inside authentication. `scopes` maps tool names to what they need."""

    def __init__(self, app: ASGIApp, deps: Deps, scopes: Mapping[str, str], metadata_url: str) -> None:
        self._app = app
        self._deps = deps
        self._scopes = scopes
        self._metadata_url = metadata_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        principal = _connected_app(scope)
        if principal is None:
            await self._app(scope, receive, send)
            return
        body = Body(receive)
        tool = await _called_tool(Headers(scope=scope), body)
        needed = self._scopes.get(tool) if tool else None
        if needed is None or principal.may(needed) or not await self._grantable(principal, needed):
            await self._app(scope, body.replay, send)
            return
        await self._challenge(principal, needed)(scope, body.replay, send)

    async def _grantable(self, principal: Principal, needed: str) -> bool:
        choices = await organizations_of(self._deps, principal.user_id or "")
        return any(choice.id == principal.organization_id and needed in choice.scopes for choice in choices)

    def _challenge(self, principal: Principal, needed: str) -> ASGIApp:
        text = f"This needs the scope {needed}, which the person has not granted yet."
        scopes = " ".join(sorted({*principal.scopes, needed}))
        challenge = (
            f'Bearer error="insufficient_scope", error_description="{text}", scope="{scopes}", '
            f'resource_metadata="{self._metadata_url}"'
        )
        body = {"error": "insufficient_scope", "error_description": text}
        return JSONResponse(body, 403, headers={"WWW-Authenticate": challenge})


def _connected_app(scope: Scope) -> Principal | None:
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    token = getattr(scope.get("user"), "access_token", None)
    if not isinstance(token, PrincipalToken) or token.principal.kind != "oauth":
        return None
    return token.principal


async def _called_tool(headers: Headers, body: Body) -> str | None:
    """The tool named by the headers of the stateless era, else by the message; inside `call_tool`, the one it calls."""
    if headers.get("mcp-method", "tools/call") != "tools/call":
        return None
    named = headers.get("mcp-name")
    if named is not None and named != CALL:
        return named
    return called_tool(message_in(await body.read(MAX_BODY_BYTES)), CALL)
