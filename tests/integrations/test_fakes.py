"""The fakes are held to what the vendors' own clients accept."""

import asyncio

import pytest
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request as GoogleRequest
from google.oauth2.credentials import Credentials
from requests import Session
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse, WebClient

from tests.fakes.apps.google import FakeGoogle
from tests.fakes.apps.oauth import CLIENT_ID, CLIENT_SECRET, Grant
from tests.fakes.apps.slack import FakeSlack
from tests.fakes.vendors.behaviour import refusing


async def test_slacks_own_client_posts_to_the_fake() -> None:
    """AGT-5: tokens, messages, errors and limits as slack_sdk knows them."""
    async with FakeSlack().serving() as slack:
        slack.rotates = True
        slack.oauth.grants.append(Grant("chat:write"))
        refresh = slack.oauth.issue_refresh(slack.oauth.grants[0])
        client = WebClient(base_url=f"{slack.url}/api/")
        granted = await asyncio.to_thread(_refresh, client, refresh)
        assert (granted["token_type"], granted["team"]["id"]) == ("bot", "T0123456789")
        client.token = granted["access_token"]
        posted = await asyncio.to_thread(client.chat_postMessage, channel="#support", text="hello")
        assert (posted["ok"], posted["channel"], slack.messages[0]["text"]) == (True, "C0123456789", "hello")
        with pytest.raises(SlackApiError, match="channel_not_found"):
            await asyncio.to_thread(client.chat_postMessage, channel="#nowhere", text="hello")
        slack.then(refusing(429, retry_after="7"))
        with pytest.raises(SlackApiError) as limited:
            await asyncio.to_thread(client.chat_postMessage, channel="#support", text="hello")
        assert limited.value.response.headers["retry-after"] == "7"
        assert (await asyncio.to_thread(client.auth_revoke))["revoked"] is True


async def test_googles_own_client_renews_at_the_fake() -> None:
    """AGT-5: tokens, and a grant that is gone, as google-auth knows them."""
    async with FakeGoogle().serving() as google:
        google.oauth.grants.append(Grant("openid"))
        refresh = google.oauth.issue_refresh(google.oauth.grants[0])
        credentials = Credentials(  # type: ignore[no-untyped-call]
            None,
            refresh_token=refresh,
            token_uri=f"{google.url}/token",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        with Session() as session:
            await asyncio.to_thread(credentials.refresh, GoogleRequest(session))
            assert credentials.token in google.oauth.grants[0].access
            google.oauth.revoke(refresh)
            with pytest.raises(RefreshError, match="invalid_grant"):
                await asyncio.to_thread(credentials.refresh, GoogleRequest(session))


def _refresh(client: WebClient, token: str) -> SlackResponse:
    return client.oauth_v2_access(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, grant_type="refresh_token", refresh_token=token
    )
