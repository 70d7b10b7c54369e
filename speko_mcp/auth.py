"""Bearer credentials of MCP requests: API keys, and access tokens issued for this server."""

from fastmcp.server.auth import AccessToken, TokenVerifier

from speko_core.accounts.authentication import authenticate
from speko_core.deps import Deps
from speko_core.errors import Unauthorized
from speko_mcp.identity import token_for

# Credentials of our own processes and of single sessions open other doors, not this one.
_WELCOME = frozenset({"api_key", "oauth"})


class SpekoAuth(TokenVerifier):
    """Verifies bearer credentials; an outage is an error, never a refusal."""

    def __init__(self, deps: Deps) -> None:
        super().__init__(base_url=deps.settings.base_url)
        self._deps = deps

    async def verify_token(self, token: str) -> AccessToken | None:
        """The verified credential, or None when it is refused."""
        try:
            principal = await authenticate(self._deps, token.strip(), resource=f"{self._deps.settings.base_url}/mcp")
        except Unauthorized:
            return None
        return token_for(token, principal) if principal.kind in _WELCOME else None
