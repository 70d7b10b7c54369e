"""Our authorization server, and the verifier of every bearer credential of MCP requests.

API keys and access tokens go through the one `authenticate`, so both doors agree on who a credential is. An outage is
an error, never a refusal: a client that is told "invalid" throws its tokens away.
"""

import math
import re
from urllib.parse import urlsplit

from fastmcp.server.auth import AccessToken, OAuthProvider
from mcp.server.auth.provider import (
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    RefreshToken,
    TokenError,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyUrl
from starlette.datastructures import Headers, QueryParams
from starlette.routing import Route

from speko_core.accounts import oauth_clients, oauth_consent, oauth_tokens
from speko_core.accounts.authentication import authenticate
from speko_core.accounts.oauth import DEFAULT_SCOPES
from speko_core.accounts.oauth_tokens import Issued
from speko_core.deps import Deps
from speko_core.errors import Unauthorized
from speko_core.principal import read_only
from speko_mcp.identity import token_for
from speko_mcp.oauth import routes
from speko_mcp.oauth.client import App, app_of
from speko_mcp.oauth.documents import ClientDocuments
from speko_mcp.surface import surface_of

# Credentials of our own processes and of single sessions open other doors, not this one.
_WELCOME = frozenset({"api_key", "oauth"})
_S256 = re.compile(r"^[A-Za-z0-9_-]{43}$")
_MAX_STATE = 1_500


class SpekoAuth(OAuthProvider):
    """The authorization server on our tables."""

    def __init__(self, deps: Deps, documents: ClientDocuments | None = None) -> None:
        super().__init__(base_url=deps.settings.base_url)
        self._deps = deps
        self._documents = documents or ClientDocuments(deps)

    @property
    def resource(self) -> str:
        """The audience of our tokens, exactly as the resource metadata says it."""
        return f"{self._deps.settings.base_url}/mcp"

    @property
    def scopes_supported(self) -> list[str]:
        """What is advertised: clients ask for all of it, so it is the default set."""
        return list(DEFAULT_SCOPES)

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """What a client without credentials is told to ask for."""
        return list(DEFAULT_SCOPES) if required_scopes is None else required_scopes

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """Our own routes; the framework's differ where reference behaviour and its defaults do."""
        self.set_mcp_path(mcp_path)
        return routes.build(self, self._deps, documents_supported=self._documents.enabled)

    async def verify_token(self, token: str) -> AccessToken | None:
        """The verified credential, or None when it is refused."""
        try:
            principal = await authenticate(self._deps, token.strip(), resource=self.resource)
        except Unauthorized:
            return None
        return token_for(token, principal) if principal.kind in _WELCOME else None

    async def get_client(self, client_id: str) -> App | None:
        """A registered app, or one that is named by the address of its own metadata document."""
        if self._documents.names_document(client_id):
            client = await self._documents.client(client_id)
        else:
            client = await oauth_clients.find(self._deps, client_id)
        return None if client is None else app_of(client)

    def serves(self, resource: str | None) -> bool:
        """True when tokens for this resource are ours to issue; the choice of tools in its query does not matter."""
        if resource is None:
            return True
        ours, theirs = urlsplit(self.resource), urlsplit(resource)
        same = (ours.scheme, ours.netloc.lower(), ours.path) == (
            theirs.scheme.lower(),
            theirs.netloc.lower(),
            theirs.path.rstrip("/"),
        )
        return same and not theirs.fragment

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """Keep the request and send the person to our own page.

        Raises:
            AuthorizeError: the request cannot be granted as asked.
        """
        if not self.serves(params.resource):
            raise AuthorizeError("invalid_target", "This server issues tokens for its own MCP endpoint only.")
        if not _S256.match(params.code_challenge):
            raise AuthorizeError("invalid_request", "code_challenge must be an S256 challenge of 43 characters.")
        if params.state is not None and len(params.state) > _MAX_STATE:
            raise AuthorizeError("invalid_request", f"state must be at most {_MAX_STATE} characters.")
        # A resource may name the choice of tools that the app connects with; the grant then holds no more than that.
        chosen = surface_of(QueryParams(urlsplit(params.resource or "").query), Headers({}), None)
        asked = params.scopes or DEFAULT_SCOPES
        request_id = await oauth_consent.store_request(
            self._deps,
            oauth_consent.NewRequest(
                client_id=client.client_id,
                redirect_uri=str(params.redirect_uri),
                redirect_uri_explicit=params.redirect_uri_provided_explicitly,
                state=params.state,
                scopes=tuple(sorted(read_only(asked)) if chosen.read_only else asked),
                code_challenge=params.code_challenge,
                resource=self.resource,
                toolsets=chosen.toolsets,
            ),
        )
        return f"{self._deps.settings.base_url}{routes.CONSENT_PATH}?request={request_id}"

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """The facts of a usable code; our clock decides about its age."""
        code = await oauth_tokens.find_code(self._deps, authorization_code)
        if code is None:
            return None
        return AuthorizationCode(
            code=authorization_code,
            scopes=list(code.scopes),
            expires_at=math.inf,
            client_id=code.client_id,
            code_challenge=code.code_challenge,
            redirect_uri=AnyUrl(code.redirect_uri),
            redirect_uri_provided_explicitly=code.redirect_uri_explicit,
            resource=code.resource,
            subject=code.user_id,
        )

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """Use a code up.

        Raises:
            TokenError: another request was faster.
        """
        return _answer(await oauth_tokens.exchange_code(self._deps, authorization_code.code))

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        """The facts of a usable refresh token; our clock decides about its age."""
        found = await oauth_tokens.find_refresh(self._deps, refresh_token)
        if found is None:
            return None
        return RefreshToken(
            token=refresh_token,
            client_id=found.client_id,
            scopes=list(found.scopes),
            resource=found.resource,
            subject=found.user_id,
        )

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """Replace a refresh token.

        Raises:
            TokenError: it was used before, or its grant ended.
        """
        return _answer(await oauth_tokens.rotate(self._deps, refresh_token.token, tuple(scopes)))

    async def load_access_token(self, token: str) -> AccessToken | None:
        """The framework's other name for verifying a credential."""
        return await self.verify_token(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        """End the grant behind a token."""
        await oauth_tokens.revoke(self._deps, token.token, token.client_id)


def _answer(issued: Issued | None) -> OAuthToken:
    if issued is None:
        raise TokenError("invalid_grant", "It is used, expired or revoked; sign in again.")
    return OAuthToken(
        access_token=issued.access_token,
        refresh_token=issued.refresh_token,
        expires_in=issued.expires_in_s,
        scope=" ".join(issued.scopes),
    )
