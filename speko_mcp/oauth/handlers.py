"""The endpoints of the authorization server, where the framework's own differ from what the standards ask.

`/authorize` says who answers (RFC 9207), `/token` answers with the statuses of RFC 6749 and checks the audience,
`/register` is limited and knows public clients only, `/revoke` needs no secret.
"""

import re
from typing import cast

from mcp.server.auth.handlers.authorize import AuthorizationHandler
from mcp.server.auth.handlers.token import TokenErrorResponse, TokenHandler
from mcp.server.auth.middleware.client_auth import AuthenticationError, ClientAuthenticator
from mcp.shared.auth import OAuthClientMetadata
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from speko_core.accounts import oauth_clients, oauth_consent, oauth_tokens
from speko_core.deps import Deps
from speko_core.errors import InvalidInput, RateLimited
from speko_core.types import JsonObject
from speko_core.validation import field_problems
from speko_mcp.oauth.client import App
from speko_mcp.oauth.ports import ResourceServer

_PRIVATE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_MAX_NAME = 100


class Authorization(AuthorizationHandler):
    """`/authorize`: to our consent page, or back to the app with an error that says who answers."""

    def __init__(self, provider: ResourceServer, issuer: str, consent_url: str) -> None:
        super().__init__(provider)
        self._issuer = issuer
        self._consent_url = consent_url

    async def handle(self, request: Request) -> Response:
        """Answer one authorization request."""
        response = await super().handle(request)
        location = response.headers.get("location")
        if location is None or location.startswith(f"{self._consent_url}?"):
            return response
        return RedirectResponse(oauth_consent.callback(location, self._issuer), 302, headers=_PRIVATE)


class Token(TokenHandler):
    """`/token`: codes and refresh tokens for our own audience only."""

    def __init__(self, provider: ResourceServer, authenticator: ClientAuthenticator) -> None:
        super().__init__(provider, authenticator)
        self._server = provider

    async def handle(self, request: Request) -> Response:
        """Answer one token request."""
        form = await request.form()
        if any(not isinstance(named, str) or not self._server.serves(named) for named in form.getlist("resource")):
            text = "This server issues tokens for its own MCP endpoint only."
            return cast(Response, self.response(TokenErrorResponse(error="invalid_target", error_description=text)))
        return cast(Response, await super().handle(request))


class Registration:
    """`/register`: an app says its name and where people are sent back to (RFC 7591)."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def handle(self, request: Request) -> Response:
        """Answer one registration."""
        try:
            document = _document(await request.body())
            address = request.client.host if request.client else ""
            name = document["client_name"]
            client_id = await oauth_clients.register(self._deps, document, name=str(name or ""), address=address)
        except InvalidInput as error:
            return _refused(error.code, error.message)
        except RateLimited as error:
            body = {"error": "temporarily_unavailable", "error_description": error.message}
            return JSONResponse(body, 429, headers={**_PRIVATE, "Retry-After": str(error.retry_after_s)})
        issued_at = int(self._deps.clock.now().timestamp())
        app = App.model_validate({**document, "client_id": client_id, "client_id_issued_at": issued_at})
        return JSONResponse(app.model_dump(mode="json", exclude_none=True), 201, headers=_PRIVATE)


class Revocation:
    """`/revoke`: ends the grant behind a token; an unknown token is not an error (RFC 7009)."""

    def __init__(self, deps: Deps, authenticator: ClientAuthenticator) -> None:
        self._deps = deps
        self._authenticator = authenticator

    async def handle(self, request: Request) -> Response:
        """Answer one revocation."""
        try:
            client = await self._authenticator.authenticate_request(request)
        except AuthenticationError as error:
            return _refused("invalid_client", error.message, 401)
        token = (await request.form()).get("token")
        if not isinstance(token, str) or not token:
            return _refused("invalid_request", "token is required")
        await oauth_tokens.revoke(self._deps, token, client.client_id)
        return JSONResponse({}, headers=_PRIVATE)


def _refused(code: str, text: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": text}, status, headers=_PRIVATE)


def _document(body: bytes) -> JsonObject:
    try:
        metadata = OAuthClientMetadata.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(f"{problem.field}: {problem.problem}" for problem in field_problems(error))
        code = "invalid_redirect_uri" if "redirect_uris" in problems else "invalid_client_metadata"
        raise InvalidInput(problems, code) from None
    if "authorization_code" not in metadata.grant_types or "code" not in metadata.response_types:
        raise InvalidInput("Only the authorization code grant is supported", "invalid_client_metadata")
    uris = [str(uri) for uri in metadata.redirect_uris or ()]
    oauth_clients.check_redirects(uris)
    name = _UNPRINTABLE.sub("", metadata.client_name or "").strip()[:_MAX_NAME]
    return {
        "client_name": name or None,
        "client_uri": str(metadata.client_uri) if metadata.client_uri else None,
        "redirect_uris": [*uris],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": metadata.application_type,
        "software_id": metadata.software_id,
    }
