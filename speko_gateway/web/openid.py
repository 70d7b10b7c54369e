"""An OpenID provider as a client sees it: Authlib does the protocol, this module says what we insist on.

State, nonce and PKCE (S256) always; an ID token signed with an asymmetric key, for our client, by exactly the issuer
that is configured.
"""

from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from speko_core.accounts.mailed_links import checked_address
from speko_core.accounts.outside import OutsidePerson
from speko_core.errors import ConfigurationError, InvalidInput, Unauthorized, Unavailable
from speko_core.settings import Settings

TIMEOUT_S = 10.0
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


class OpenIdProvider:
    """The configured provider. Its documents are fetched at first use."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.oidc_client_secret
        if not settings.oidc_client_id or secret is None:
            raise ConfigurationError("SPEKO_OIDC_ISSUER needs SPEKO_OIDC_CLIENT_ID and SPEKO_OIDC_CLIENT_SECRET.")
        self._issuer, self._client_id = settings.oidc_issuer, settings.oidc_client_id
        self._secret = secret
        self._client: Any = None  # Authlib has no types

    async def leave(self, request: Request, callback: str) -> Response:
        """A redirect to the provider; what the way back needs is in `request.session`.

        Raises:
            Unavailable: the provider does not answer as one.
        """
        client = await self._ready()
        response: Response = await client.authorize_redirect(request, callback)
        return response

    async def come_back(self, request: Request) -> OutsidePerson:
        """Turn the provider's answer into a person.

        Raises:
            Unauthorized: the provider refused, or its answer does not belong to what this browser asked.
            Unavailable: the provider does not answer as one.
        """
        client = await self._ready()
        if request.query_params.get("iss", self._issuer) != self._issuer:
            raise _refused()
        expected = {
            "iss": {"essential": True, "values": [self._issuer]},
            "aud": {"essential": True, "values": [self._client_id]},
        }
        try:
            token = await client.authorize_access_token(request, claims_options=expected)
            claims = dict(token["userinfo"])
            if "email" not in claims:
                claims |= await self._more(client, token, claims["sub"])
        except self._failures() as error:
            raise _refused() from error
        email = self._address(claims.get("email"))
        return OutsidePerson(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            email=email,
            email_verified=claims.get("email_verified") is True and email != "",
        )

    @staticmethod
    def _address(claim: object) -> str:
        """The claim where it is one address, else nothing."""
        try:
            return checked_address(claim) if isinstance(claim, str) else ""
        except InvalidInput:
            return ""

    async def _more(self, client: Any, token: Any, subject: str) -> dict[str, Any]:
        """The address from the userinfo endpoint, where the ID token has none; it must speak of the same person."""
        said = dict(await client.userinfo(token=token))
        return {name: said.get(name) for name in ("email", "email_verified")} if said.get("sub") == subject else {}

    async def _ready(self) -> Any:
        if self._client is None:
            # Loaded at first use: most installations have no provider, and it costs a tenth of a start.
            oauth = import_module("authlib.integrations.starlette_client").OAuth()
            self._client = oauth.register(
                "outside",
                client_id=self._client_id,
                client_secret=self._secret.get_secret_value(),
                server_metadata_url=f"{self._issuer.rstrip('/')}/.well-known/openid-configuration",
                client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "timeout": TIMEOUT_S},
            )
        try:
            metadata = await self._client.load_server_metadata()
        except self._failures() as error:
            raise Unavailable("The sign-in provider does not answer.", hint="Try again in a minute.") from error
        if metadata.get("issuer") != self._issuer:
            raise Unavailable("The sign-in provider says that it is another one.")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        # Authlib takes whatever the document lists, "none" and shared secrets included.
        metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]
        return self._client

    @staticmethod
    def _failures() -> tuple[type[Exception], ...]:
        errors = (
            ("authlib.common.errors", "AuthlibBaseError"),
            ("joserfc.errors", "JoseError"),
            ("httpx2", "HTTPError"),
        )
        return (*(getattr(import_module(module), name) for module, name in errors), KeyError, ValueError, RuntimeError)


def _refused() -> Unauthorized:
    return Unauthorized("That sign-in did not work.", hint="Start again on the sign-in page.")
