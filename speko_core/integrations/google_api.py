"""What is Google's own: its client, how its APIs refuse, whose account it is, taking an authorization back.

Sources, read 2026-11-21: https://developers.google.com/identity/protocols/oauth2/web-server (endpoints, offline access,
`prompt=consent` for a refresh token each time, revocation, PKCE) and
https://developers.google.com/workspace/calendar/api/guides/errors (reasons of a 403).
"""

import httpx

from speko_core.integrations.api import Reply, Verdict, fetch
from speko_core.integrations.app import Account, OAuthClient
from speko_core.integrations.oauth import AppUnreachable
from speko_core.integrations.ports import Ports
from speko_core.integrations.sealing import Tokens
from speko_core.outbound.exchange import ExchangeFailed
from speko_core.settings import Settings
from speko_core.types import JsonObject, JsonValue

REQUEST_S = 8.0
_LIMITS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})


def url(settings: Settings, host: str, path: str) -> str:
    """A URL of Google's, or the same path at the server the settings name."""
    return f"{settings.google_url or f'https://{host}'}{path}"


def oauth_client(settings: Settings, scopes: tuple[str, ...]) -> OAuthClient | None:
    """The client registered at Google, for these scopes; None until the operator set it."""
    secret = settings.google_client_secret
    if not settings.google_client_id or secret is None:
        return None
    return OAuthClient(
        client_id=settings.google_client_id,
        client_secret=secret.get_secret_value(),
        authorize_url=url(settings, "accounts.google.com", "/o/oauth2/v2/auth"),
        token_url=url(settings, "oauth2.googleapis.com", "/token"),
        scopes=scopes,
        identity_scopes=("openid", "email"),
        pkce=True,
        auth_method="client_secret_post",
        extra={"access_type": "offline", "prompt": "consent"},
    )


def judge(reply: Reply) -> Verdict:
    """A refusal by rate is a 429, or a 403 with a reason."""
    if reply.status == 401:
        return Verdict.UNAUTHORIZED
    if reply.status == 429 or (reply.status == 403 and reason(reply) in _LIMITS):
        return Verdict.LIMITED
    return Verdict.AWAY if reply.status >= 500 else Verdict.FINE


def reason(reply: Reply) -> str:
    """Google's word for what went wrong."""
    error = reply.body.get("error")
    errors: JsonValue = error.get("errors") if isinstance(error, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("reason")) if isinstance(first, dict) else ""


async def account(ports: Ports, answer: JsonObject) -> Account:
    """The account behind a fresh access token, from the OpenID Connect userinfo endpoint.

    Raises:
        AppUnreachable: Google did not say.
    """
    target = url(ports.settings, "openidconnect.googleapis.com", "/v1/userinfo")
    headers = {"authorization": f"Bearer {answer['access_token']}"}
    try:
        reply = await fetch(ports, ports.outbound.build_request("GET", target, headers=headers), REQUEST_S)
    except ExchangeFailed:
        raise AppUnreachable from None
    subject = reply.body.get("sub")
    if not reply.ok or not isinstance(subject, str):
        raise AppUnreachable
    return Account(subject, str(reply.body.get("email") or subject))


async def revoke(ports: Ports, tokens: Tokens) -> None:
    """Take the authorization back: revoking the refresh token ends every access token of it (RFC 7009).

    Raises:
        AppUnreachable: Google did not confirm.
    """
    request = _revocation(ports, tokens.refresh_token or tokens.access_token)
    try:
        reply = await fetch(ports, request, REQUEST_S)
    except ExchangeFailed:
        raise AppUnreachable from None
    # A 400 says `invalid_token`: it is gone already.
    if not reply.ok and reply.status != 400:
        raise AppUnreachable


def _revocation(ports: Ports, token: str) -> httpx.Request:
    target = url(ports.settings, "oauth2.googleapis.com", "/revoke")
    return ports.outbound.build_request("POST", target, data={"token": token})
