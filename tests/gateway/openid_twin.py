"""An OpenID provider of ours on a real port: it vouches for whomever a test says, and can lie in the usual ways."""

import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.ports import own_port
from tests.serving import listening, served

CLIENT_ID, CLIENT_SECRET = "speko-here", "a secret of the provider's"


@dataclass
class OpenIdTwin:
    """`claims` are added to the next ID token, over what is right; `said` is what the browser was sent with."""

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    claims: dict[str, Any] = field(default_factory=dict)
    email: str = "person@example.com"
    email_verified: bool = True
    subject: str = "subject-1"
    said: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        """The provider's four endpoints."""
        routes = [
            Route("/.well-known/openid-configuration", self._document),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    async def _document(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        self.said = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self.codes[code] = self.said
        answer = urlencode({"code": code, "state": self.said["state"], "iss": self.issuer})
        return RedirectResponse(f"{self.said['redirect_uri']}?{answer}")

    async def _token(self, request: Request) -> Response:
        fields = await request.form()
        asked = self.codes.pop(str(fields.get("code")), None)
        challenge = hashlib.sha256(str(fields.get("code_verifier")).encode()).digest()
        expected = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != expected or asked["code_challenge_method"] != "S256":
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])})

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": self.subject, "iat": now, "exp": now + 300, "nonce": nonce,
            "email": self.email, "email_verified": self.email_verified,
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, **self.claims}, self.key)


@asynccontextmanager
async def openid_twin() -> AsyncIterator[OpenIdTwin]:
    """A running provider."""
    port = own_port()
    twin = OpenIdTwin(f"http://127.0.0.1:{port}")
    async with served(uvicorn.Config(twin.app(), port=port, log_config=None, ws="none"), listening(port)):
        yield twin
