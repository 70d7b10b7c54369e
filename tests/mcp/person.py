"""A person with a browser, and an app that wants to be let in: the whole sign-in of apps over HTTP."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from speko_core.accounts import sign_in
from speko_core.deps import Deps

# For a busy machine: httpx gives up after five seconds.
PATIENCE_S = 60.0
REDIRECT = "http://127.0.0.1:39331/callback/x"


class Person:
    """A browser that signs in by link and answers the consent page."""

    def __init__(self, deps: Deps, user_id: str) -> None:
        self._deps = deps
        self.user_id = user_id
        self.http = httpx.AsyncClient(base_url=deps.settings.base_url, timeout=PATIENCE_S)

    async def sign_in(self) -> None:
        """Follow a one-time link and press its button."""
        async with self._deps.database.transaction(None, all_organizations=True) as db:
            token, _ = await sign_in.create_link(db, self._deps.secrets, self.user_id, self._deps.clock.now())
        page = await self.http.get("/sign-in", params={"token": token})
        answer = await self.http.post("/sign-in", data={**hidden(page.text), "token": token})
        assert answer.status_code == 303, answer.text

    async def open(self, url: str) -> httpx.Response:
        """Open an address; follow our own redirects only."""
        answer = await self.http.get(url)
        while answer.is_redirect and urlsplit(answer.headers["location"]).netloc in (
            "",
            urlsplit(self._deps.settings.base_url).netloc,
        ):
            answer = await self.http.get(answer.headers["location"])
        return answer

    async def decide(self, page: httpx.Response, decision: str, organization_id: str) -> httpx.Response:
        """Press Allow or Deny on the consent page."""
        fields = {**hidden(page.text), "organization_id": organization_id, "decision": decision}
        return await self.http.post("/oauth/consent", data=fields)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    assert fields, page
    return dict(fields)


def query_of(location: str) -> dict[str, str]:
    """The query of an address; every name once."""
    parsed = parse_qs(urlsplit(location).query)
    assert all(len(values) == 1 for values in parsed.values()), location
    return {name: values[0] for name, values in parsed.items()}


@dataclass
class App:
    """A public client with PKCE."""

    base_url: str
    redirect_uri: str = REDIRECT
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    client_id: str = ""

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")

    async def register(self, **metadata: Any) -> httpx.Response:
        """Register as coding agents do."""
        document = {
            "client_name": "Coding agent",
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        }
        async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
            answer = await http.post(f"{self.base_url}/register", json={**document, **metadata})
        self.client_id = answer.json().get("client_id", "")
        return answer

    def authorize_url(self, **changes: str | None) -> str:
        """Where the app sends the person; `None` leaves a parameter out."""
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "state": "opaque-state",
            "resource": f"{self.base_url}/mcp",
        }
        chosen = {name: value for name, value in {**parameters, **changes}.items() if value is not None}
        return str(httpx.URL(f"{self.base_url}/authorize", params=chosen))

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Call a back-channel endpoint."""
        async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
            return await http.post(f"{self.base_url}{path}", data={"client_id": self.client_id, **fields})

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        """Turn a code into tokens."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            "resource": f"{self.base_url}/mcp",
        }
        return await self.post("/token", **{**fields, **changes})

    async def refresh(self, token: str, **changes: str) -> httpx.Response:
        """Turn a refresh token into new tokens."""
        return await self.post("/token", **{"grant_type": "refresh_token", "refresh_token": token, **changes})


async def whoami_status(base_url: str, token: str) -> int:
    """The HTTP status of a call with this bearer credential."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        return (await http.post(f"{base_url}/mcp", json=message, headers=headers)).status_code
