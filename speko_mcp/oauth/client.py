"""An app as the protocol handlers see it: which redirects and which scopes it may ask for."""

from mcp.shared.auth import InvalidRedirectUriError, InvalidScopeError, OAuthClientInformationFull
from pydantic import AnyUrl

from speko_core.accounts.oauth import DEFAULT_SCOPES
from speko_core.accounts.oauth_clients import Client, is_loopback
from speko_core.principal import ALL_SCOPES
from speko_core.types import JsonObject

# Clients ask for these out of habit; refresh tokens are issued anyway and we are no identity provider.
_HABITS = frozenset({"offline_access", "openid", "profile", "email"})


class App(OAuthClientInformationFull):
    """A public client: no secret, PKCE instead."""

    def validate_scope(self, requested_scope: str | None) -> list[str]:
        """The scopes to ask the person for; they are not limited by registration, because the person decides.

        Raises:
            InvalidScopeError: a scope does not exist.
        """
        names = [name for name in (requested_scope or "").split() if name not in _HABITS]
        unknown = sorted(set(names) - ALL_SCOPES)
        if unknown:
            raise InvalidScopeError(f"There is no scope {unknown[0][:80]}")
        return list(dict.fromkeys(names)) or list(DEFAULT_SCOPES)

    def validate_redirect_uri(self, redirect_uri: AnyUrl | None) -> AnyUrl:
        """The address to go back to: a registered one, on loopback with any port.

        Raises:
            InvalidRedirectUriError: it is not registered, or absent where the app registered several.
        """
        known = self.redirect_uris or []
        if redirect_uri is None:
            if len(known) == 1 and not is_loopback(str(known[0])):
                return known[0]
            raise InvalidRedirectUriError("redirect_uri is required")
        client = Client(self.client_id, "", tuple(_normal(uri) for uri in known), {})
        if not client.allows(str(redirect_uri)):
            raise InvalidRedirectUriError("redirect_uri is not registered for this app")
        return redirect_uri


def _normal(uri: AnyUrl) -> str:
    # Requests are parsed with an empty path as `/`, registrations keep it empty.
    return str(AnyUrl(str(uri)))


def app_of(client: Client) -> App:
    """The protocol's view of a known app."""
    document: JsonObject = {**client.document, "client_id": client.id, "token_endpoint_auth_method": "none"}
    return App.model_validate(document)
