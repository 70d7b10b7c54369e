"""The fakes are held to what the vendors' own clients accept."""

import asyncio

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse, WebClient

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


def _refresh(client: WebClient, token: str) -> SlackResponse:
    return client.oauth_v2_access(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, grant_type="refresh_token", refresh_token=token
    )
