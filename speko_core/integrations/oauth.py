"""The authorization code flow towards apps: the consent URL, codes and refresh tokens into tokens (RFC 6749, 7636).

Requests are prepared by Authlib and sent by the guarded client, like every other request to the outside.
"""

import logging
from typing import TYPE_CHECKING

import httpx

from speko_core.integrations.api import Reply, fetch
from speko_core.integrations.app import OAuthClient
from speko_core.integrations.ports import Ports
from speko_core.late import LateModule
from speko_core.outbound.exchange import ExchangeFailed
from speko_core.types import JsonObject

if TYPE_CHECKING:
    from authlib.oauth2 import auth, rfc7636
    from authlib.oauth2.rfc6749 import parameters
else:
    auth = LateModule("authlib.oauth2.auth")
    parameters = LateModule("authlib.oauth2.rfc6749.parameters")
    rfc7636 = LateModule("authlib.oauth2.rfc7636")

log = logging.getLogger("speko.integrations")

TOKEN_S = 8.0
# Error codes that say the code or the grant is gone for good. RFC 6749 section 5.2 names the first, Slack's page of
# oauth.v2.access (https://docs.slack.dev/reference/methods/oauth.v2.access) the others. Everything else, such as a
# client secret the operator mistyped, must not end a connection.
GONE = frozenset(
    {
        "invalid_grant", "invalid_code", "code_already_used", "invalid_refresh_token",
        "token_revoked", "token_expired", "account_inactive", "invalid_auth",
    }
)  # fmt: skip


class GrantRefused(Exception):
    """The app refused the code or the refresh token: asking again with it does not help."""


class AppUnreachable(Exception):
    """The app gave no usable answer; asking later may help."""


def consent_url(client: OAuthClient, redirect_uri: str, state: str, verifier: str) -> str:
    """Where the person's browser goes to allow the connection."""
    challenge = (
        {"code_challenge": rfc7636.create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
        if client.pkce
        else {}
    )
    url: str = parameters.prepare_grant_uri(
        client.authorize_url,
        client_id=client.client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope=client.scope_separator.join((*client.identity_scopes, *client.scopes)),
        state=state,
        **challenge,
        **client.extra,
    )
    return url


async def redeem(ports: Ports, client: OAuthClient, code: str, redirect_uri: str, verifier: str) -> JsonObject:
    """The app's answer to an authorization code.

    Raises:
        GrantRefused: the code is not good.
        AppUnreachable: no usable answer came.
    """
    more = {"code_verifier": verifier} if client.pkce else {}
    body = parameters.prepare_token_request("authorization_code", code=code, redirect_uri=redirect_uri, **more)
    return await _token_request(ports, client, body)


async def refresh(ports: Ports, client: OAuthClient, refresh_token: str) -> JsonObject:
    """The app's answer to a refresh token.

    Raises:
        GrantRefused: the authorization is gone.
        AppUnreachable: no usable answer came.
    """
    body = parameters.prepare_token_request("refresh_token", refresh_token=refresh_token)
    return await _token_request(ports, client, body)


async def _token_request(ports: Ports, client: OAuthClient, body: str) -> JsonObject:
    headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
    signer = auth.ClientAuth(client.client_id, client.client_secret, client.auth_method)
    url, headers, body = signer.prepare("POST", client.token_url, headers, body)
    try:
        return _granted(await fetch(ports, _post(ports, url, headers, body), TOKEN_S))
    except ExchangeFailed:
        raise AppUnreachable from None


def _post(ports: Ports, url: str, headers: dict[str, str], body: str) -> httpx.Request:
    return ports.outbound.build_request("POST", url, headers=headers, content=body.encode())


def _granted(reply: Reply) -> JsonObject:
    if str(reply.body.get("error")) in GONE:
        raise GrantRefused
    # Google errs with a status (RFC 6749), Slack with `ok` in an answer of 200.
    if not reply.ok or reply.body.get("ok") is False or not isinstance(reply.body.get("access_token"), str):
        log.warning("an app gave no token", extra={"status": reply.status})
        raise AppUnreachable
    return reply.body
