"""What the authorization servers of apps have in common: consent, single-use codes, tokens that end.

A scripted person consents at once: the authorization endpoint answers with the redirect that follows a click.
"""

import base64
import hashlib
import secrets as random
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

CLIENT_ID, CLIENT_SECRET = "client-1", "client-secret-1"


@dataclass
class Code:
    """What a code stands for, until it is redeemed."""

    redirect_uri: str
    challenge: str | None
    scope: str


@dataclass
class Grant:
    """One consent and the tokens of it."""

    scope: str
    access: set[str] = field(default_factory=set)
    refresh: str | None = None


class AuthorizationServer:
    """Codes and tokens of one app."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.codes: dict[str, Code] = {}
        self.grants: list[Grant] = []
        self.says_no = False
        self.refreshes = 0
        self.revoked: list[str] = []

    def authorize(self, request: Request) -> Response:
        """Send the browser back with a code, as after a click on Allow (or on Deny)."""
        query = request.query_params
        assert (query["client_id"], query["response_type"]) == (CLIENT_ID, "code")
        back = {"state": query["state"]}
        if self.says_no:
            back["error"] = "access_denied"
        else:
            back["code"] = random.token_urlsafe(12)
            self.codes[back["code"]] = Code(query["redirect_uri"], query.get("code_challenge"), query["scope"])
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", 302)

    def redeem(self, code: str, redirect_uri: str, verifier: str | None) -> Grant | None:
        """The grant of a code that was not used before."""
        found = self.codes.pop(code, None)
        if found is None or found.redirect_uri != redirect_uri:
            return None
        if found.challenge is not None and found.challenge != _s256(verifier or ""):
            return None
        grant = Grant(found.scope)
        self.grants.append(grant)
        return grant

    def issue(self, grant: Grant) -> str:
        """A new access token."""
        token = f"{self.mark}-access-{random.token_urlsafe(12)}"
        grant.access.add(token)
        return token

    def issue_refresh(self, grant: Grant) -> str:
        """A new refresh token; the one before is worth nothing from now on."""
        grant.refresh = f"{self.mark}-refresh-{random.token_urlsafe(12)}"
        return grant.refresh

    def of_refresh(self, token: str | None) -> Grant | None:
        """The grant a refresh token belongs to."""
        return next((grant for grant in self.grants if grant.refresh == token and token), None)

    def of_access(self, authorization: str | None) -> Grant | None:
        """The grant whose access token a request carries."""
        token = (authorization or "").removeprefix("Bearer ")
        return next((grant for grant in self.grants if token in grant.access), None)

    def end_access(self) -> None:
        """Every access token ends."""
        for grant in self.grants:
            grant.access.clear()

    def revoke(self, token: str) -> bool:
        """End the grant of a token."""
        found = next((grant for grant in self.grants if token == grant.refresh or token in grant.access), None)
        if found is None:
            return False
        self.revoked.append(token)
        self.grants.remove(found)
        return True


def basic_of(request: Request) -> tuple[str, str]:
    """The client's id and secret in a Basic header."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return "", ""
    name, _, secret = base64.b64decode(value).decode().partition(":")
    return name, secret


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
