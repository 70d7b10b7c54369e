"""Connecting apps: who may finish a connection, what is kept, and what ends it."""

import logging
from dataclasses import replace

import pytest
from sqlalchemy import select

from speko_core.accounts.models import Membership, User
from speko_core.ids import new_id
from speko_core.integrations.models import Installation
from tests.conftest import add_tenant, rest_client
from tests.fakes.vendors.behaviour import refusing
from tests.integrations.kit import Desk, consent, desk, signed_in

__all__ = ["desk"]

APPS = pytest.mark.parametrize("app", ["google_calendar", "slack"])


@APPS
async def test_a_connected_account_is_listed_without_its_tokens(
    desk: Desk, app: str, caplog: pytest.LogCaptureFixture
) -> None:
    """ORG-8: neither an answer nor a log line nor the database shows a token."""
    caplog.set_level(logging.DEBUG)
    installation_id = await desk.connect(app)
    (row,) = await desk.installations()
    label = {"google_calendar": "desk@example.com", "slack": "Acme"}[app]
    assert (row["id"], row["appKey"], row["status"], row["accountLabel"]) == (
        installation_id, app, "connected", label
    )  # fmt: skip
    assert (row["connectedBy"], row["endedAt"]) == (desk.tenant.user_id, None)
    async with desk.deps.database.transaction(desk.tenant.organization_id) as db:
        stored = (await db.execute(select(Installation))).scalar_one()
    (grant,) = desk.fake(app).oauth.grants
    page = (await desk.browser.see("/integrations")).text
    shown = " ".join((str(row), page, caplog.text, repr(stored.sealed)))
    for token in (*grant.access, grant.refresh or "none at all"):
        assert token not in shown
    assert label in page


async def test_the_dashboard_leads_to_the_app_and_back(desk: Desk) -> None:
    """AGT-5: a click on the page connects, another one disconnects."""
    leave = await desk.browser.submit("/integrations", "/integrations/slack/connect")
    url = leave.text.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")
    back = await desk.browser.see(await consent(url))
    assert back.headers["location"] == "/integrations?done=connected"
    (row,) = await desk.installations()
    gone = await desk.browser.submit("/integrations", f"/integrations/installations/{row['id']}/disconnect")
    assert gone.headers["location"] == "/integrations?done=disconnected"
    assert [found["status"] for found in await desk.installations()] == ["revoked"]


async def test_a_return_counts_once(desk: Desk) -> None:
    """AGT-5: the state is used up with the first return."""
    path = await desk.leave("slack")
    assert (await desk.browser.see(path)).status_code == 303
    again = await desk.browser.see(path)
    assert (again.status_code, "not started by you" in again.text) == (409, True)
    assert len(desk.slack.oauth.grants) == 1


async def test_nobody_else_can_finish_a_connection(desk: Desk) -> None:
    """ORG-1: the return is refused in another organization, and the one who asked can still finish."""
    path = await desk.leave("slack")
    other = await add_tenant(desk.deps, "Globex")
    stranger = await signed_in(desk.deps, other)
    assert (await stranger.see(path)).status_code == 409
    signed_out = await replace(desk.browser, client=rest_client(desk.deps, None)).see(path)
    assert (signed_out.status_code, signed_out.headers["location"].startswith("/sign-in?next=")) == (303, True)
    assert desk.slack.oauth.grants == []
    assert (await desk.browser.see(path)).status_code == 303


async def test_another_member_cannot_finish_what_a_person_began(desk: Desk) -> None:
    """ORG-1: bound to the person, not only to the organization."""
    leave = await desk.browser.submit("/integrations", "/integrations/slack/connect")
    path = await consent(leave.text.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&"))
    member = replace(desk.tenant, user_id=await _member(desk))
    assert (await (await signed_in(desk.deps, member)).see(path)).status_code == 409
    assert desk.slack.oauth.grants == []


async def _member(desk: Desk) -> str:
    """Another admin of the same organization."""
    now, user_id = desk.deps.clock.now(), new_id("user")
    user = User(id=user_id, email="two@example.com", created_at=now, updated_at=now)
    organization_id = desk.tenant.organization_id
    member = Membership(
        id=new_id("member"), organization_id=organization_id, user_id=user_id, role="admin", created_at=now
    )
    async with desk.deps.database.transaction(organization_id) as db:
        db.add(user)
        await db.flush()
        db.add(member)
    return user_id


async def test_a_person_who_says_no_is_told_so(desk: Desk) -> None:
    """AGT-5: nothing is connected, nothing is kept."""
    desk.google.oauth.says_no = True
    back = await desk.browser.see(await desk.leave("google_calendar"))
    assert (back.status_code, "you did not allow it" in back.text) == (409, True)
    assert await desk.installations() == []


async def test_a_connection_without_all_permissions_is_none(desk: Desk) -> None:
    """AGT-5: said at once, not in the middle of a call; what was granted is given back."""
    desk.google.unchecked = {"https://www.googleapis.com/auth/calendar.events"}
    back = await desk.browser.see(await desk.leave("google_calendar"))
    assert (back.status_code, "all the permissions" in back.text) == (409, True)
    assert (await desk.installations(), desk.google.oauth.grants) == ([], [])


async def test_an_app_that_is_away_is_no_connection(desk: Desk) -> None:
    """AGT-5: a failing token endpoint answers 503 in our words."""
    path = await desk.leave("google_calendar")
    desk.google.always = refusing(500)
    back = await desk.browser.see(path)
    assert (back.status_code, "secret prompt" in back.text) == (503, False)
    assert await desk.installations() == []


async def test_a_version_whose_tools_need_a_connection_that_ended_is_not_deployed(desk: Desk) -> None:
    """AGT-5, AGT-7: found before a caller finds it."""
    installation_id, deploy = await desk.connect("slack"), f"/v1/agents/{desk.tenant.agent_id}/deploy"
    await desk.tool("slack", "post_message")
    assert (await desk.rest.post(deploy, json={"dryRun": True})).json()["problems"] == []
    await desk.rest.delete(f"/v1/integrations/installations/{installation_id}")
    refused = await desk.rest.post(deploy, json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "VERSION_NOT_DEPLOYABLE")
    assert "tools.post_message.source.installationId names an account that is not connected" in refused.json()["error"]


async def test_disconnecting_revokes_at_the_app_and_keeps_the_history(desk: Desk) -> None:
    """AGT-5: the token is worth nothing afterwards; the same account again is the same installation."""
    installation_id = await desk.connect("google_calendar")
    refresh = desk.google.oauth.grants[0].refresh
    gone = await desk.rest.delete(f"/v1/integrations/installations/{installation_id}")
    assert (gone.status_code, gone.json()["status"]) == (200, "revoked")
    assert desk.google.oauth.revoked == [refresh]
    (row,) = await desk.installations(status="revoked")
    assert row["endedAt"] is not None
    again = await desk.rest.delete(f"/v1/integrations/installations/{installation_id}")
    assert (again.status_code, again.json()["endedAt"]) == (200, row["endedAt"])
    assert await desk.connect("google_calendar") == installation_id


async def test_an_app_without_a_client_cannot_be_connected(desk: Desk) -> None:
    """AGT-5: the list says so, and so does the attempt."""
    bare = desk.deps.settings.model_copy(update={"slack_client_id": ""})
    async with rest_client(replace(desk.deps, settings=bare), desk.tenant.key) as rest:
        apps = (await rest.get("/v1/integrations")).json()["apps"]
        refused = await rest.post("/v1/integrations/slack/connect")
    assert {app["key"]: app["configured"] for app in apps} == {"google_calendar": True, "slack": False}
    assert (refused.status_code, refused.json()["code"]) == (409, "APP_NOT_CONFIGURED")
