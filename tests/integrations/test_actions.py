"""Actions of integrations in the tool loop: carried out once, with tokens renewed once, told in our words."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from speko_core.ports.integrations import Action, IntegrationFailed
from tests.conftest import ENGINES, add_tenant, rest_client
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.integrations.kit import EVENT, Desk, desk

__all__ = ["desk"]

on_both = pytest.mark.parametrize("desk", ENGINES, indirect=True)
POST = {"text": "A lead: <!channel> & <https://evil.example|click>"}


async def test_a_tool_call_books_one_event(desk: Desk) -> None:
    """AGT-5: in the calendar's terms, with the zone the caller meant."""
    await desk.connect("google_calendar")
    tool = await desk.tool("google_calendar", "create_event")
    told = await desk.call(tool, {**EVENT, "attendees": ["pat@example.com"]})
    event = desk.google.at("Haircut")
    assert event["start"] == {"dateTime": "2026-07-03T15:00:00+02:00", "timeZone": "Europe/Berlin"}
    assert event["attendees"] == [{"email": "pat@example.com"}]
    assert told.data["eventId"] == event["id"]
    assert told.data["start"] == "2026-07-03T15:00:00+02:00"
    assert told.parameters["required"] == ["title", "start", "end"]


async def test_a_repeated_request_acts_once(desk: Desk) -> None:
    """AGT-5: Google knows the event's id; of a Slack message we keep a record."""
    await desk.connect("google_calendar")
    await desk.connect("slack")
    event, message = await desk.tool("google_calendar", "create_event"), await desk.tool("slack", "post_message")
    told = [await desk.call(event, EVENT, key="k1") for _ in range(2)]
    assert (desk.google.inserts, told[0].data["eventId"]) == (1, told[1].data["eventId"])
    posted = [await desk.call(message, {**POST, "channel": "#support"}, key="k2") for _ in range(2)]
    assert (len(desk.slack.messages), posted[0].data) == (1, posted[1].data)
    assert posted[0].data == {"channel": "C0123456789", "ts": "1700000000.000000"}


@on_both
async def test_the_same_call_at_the_same_time_acts_once(desk: Desk) -> None:
    """AGT-5: who comes second waits for what came of the first."""
    installation_id = await desk.connect("slack")
    action = Action(installation_id, "slack", "post_message", {"channel": "C0123456789"})
    run = partial(desk.deps.integrations.run, desk.tenant.organization_id, action, {"text": "x"}, timeout_s=5)
    first, second, other = await asyncio.gather(*(run(idempotency_key=key) for key in ("k1", "k1", "k2")))
    assert (first, len(desk.slack.messages)) == (second, 2)
    assert other != first


async def test_an_answer_that_is_lost_is_asked_for_again_where_that_is_safe(desk: Desk) -> None:
    """AGT-5: an event is found by its id; nobody knows of a message, so it is not sent again."""
    await desk.connect("google_calendar")
    await desk.connect("slack")
    event, message = await desk.tool("google_calendar", "create_event"), await desk.tool("slack", "post_message")
    desk.google.then(Behaviour(Trouble.CUT))
    assert (await desk.call(event, EVENT)).data["title"] == "Haircut"
    assert desk.google.inserts == 1
    desk.slack.then(Behaviour(Trouble.CUT))
    lost = [await desk.call(message, {**POST, "channel": "#support"}, key="k1") for _ in range(2)]
    assert [told.failed for told in lost] == [True, True]
    assert "unknown" in lost[0].text
    assert len(desk.slack.messages) == 1


async def test_a_turn_that_is_asked_again_acts_once(desk: Desk) -> None:
    """AGT-5: within a session the same call at the same place is one call."""
    await desk.connect("slack")
    tool = await desk.tool("slack", "post_message", {"channel": "C0123456789"})
    session = (await desk.rest.post("/v1/sessions", json={"agentId": desk.tenant.agent_id})).json()["sessionId"]
    first, second = [await desk.call(tool, {"text": "hello"}, session=session) for _ in range(2)]
    assert (first.data, len(desk.slack.messages)) == (second.data, 1)


async def test_what_the_configuration_fixes_no_model_changes(desk: Desk) -> None:
    """AGT-5: a fixed channel is neither offered nor taken; mentions and links stay text."""
    await desk.connect("slack")
    tool = await desk.tool("slack", "post_message", {"channel": "C0123456789"})
    told = await desk.call(tool, {**POST, "channel": "C_OTHER"})
    (sent,) = desk.slack.messages
    assert (sent["channel"], told.failed) == ("C0123456789", False)
    assert sent["text"] == "A lead: &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;"
    assert "channel" not in told.parameters["properties"]


async def test_an_event_is_moved_with_its_length_and_cancelled(desk: Desk) -> None:
    """AGT-5: across the change of the clocks too; cancelled twice is cancelled."""
    await desk.connect("google_calendar")
    names = ("create_event", "free_busy", "move_event", "cancel_event")
    create, busy, move, cancel = [await desk.tool("google_calendar", name) for name in names]
    event_id = (await desk.call(create, EVENT)).data["eventId"]
    # Without a zone the calendar's own holds, and in winter it is another hour from UTC.
    moved = (await desk.call(move, {"eventId": event_id, "start": "2026-12-03T09:00:00"})).data
    assert (moved["start"], moved["end"]) == ("2026-12-03T09:00:00+01:00", "2026-12-03T09:30:00+01:00")
    day = {"start": "2026-12-03T00:00:00", "end": "2026-12-04T00:00:00", "timeZone": "America/New_York"}
    spans = (await desk.call(busy, day)).data["busy"]
    assert spans == [{"start": "2026-12-03T03:00:00-05:00", "end": "2026-12-03T03:30:00-05:00"}]
    for _ in range(2):
        assert (await desk.call(cancel, {"eventId": event_id})).data["status"] == "cancelled"
    assert (await desk.call(busy, day)).data["busy"] == []
    assert "not found" in (await desk.call(cancel, {"eventId": "abcde12345"})).text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": "2026-03-29T02:30:00", "end": "2026-03-29T03:30:00"}, "clocks go forward"),
        ({"end": "2026-07-03T14:00:00"}, "end must be after the start"),
        ({"timeZone": "Europe/Atlantis"}, "IANA name"),
        ({"start": "tomorrow at three"}, "start must be a date and time"),
        ({"title": ""}, "arguments are wrong"),
    ],
)
async def test_times_that_cannot_be_are_told_to_the_model(desk: Desk, change: dict[str, str], said: str) -> None:
    """AGT-5: it can ask the caller again; nothing is booked."""
    await desk.connect("google_calendar")
    told = await desk.call(await desk.tool("google_calendar", "create_event"), {**EVENT, **change})
    assert (told.failed, said in told.text) == (True, True), told.text
    assert desk.google.events == {}


@on_both
async def test_ended_tokens_are_renewed_once_however_many_calls_wait(desk: Desk) -> None:
    """AGT-5: Slack takes a refresh token once, so two refreshes would end the connection."""
    desk.slack.rotates = True
    await desk.connect("slack")
    tool = await desk.tool("slack", "post_message", {"channel": "C0123456789"})
    desk.slack.oauth.end_access()
    told = await desk.call(tool, {"text": "hello"}, times=5)
    assert (told.failed, len(desk.slack.messages), desk.slack.oauth.refreshes) == (False, 5, 1)
    assert (await desk.installations())[0]["status"] == "connected"


async def test_a_renewal_is_kept_although_its_call_ran_out_of_time(desk: Desk) -> None:
    """AGT-5: the refresh token is used up by then, so what came for it must not be lost."""
    desk.slack.rotates = True
    installation_id = await desk.connect("slack")
    action = Action(installation_id, "slack", "post_message", {"channel": "C0123456789"})
    run = partial(desk.deps.integrations.run, desk.tenant.organization_id, action, {"text": "x"})
    desk.slack.oauth.end_access()
    desk.slack.then(Behaviour(Trouble.SLOW, delay_s=0.6))
    with pytest.raises(IntegrationFailed, match="unknown"):
        await run(idempotency_key="k1", timeout_s=0.4)
    await run(idempotency_key="k2", timeout_s=5)
    assert (len(desk.slack.messages), desk.slack.oauth.refreshes) == (1, 1)


async def test_a_token_about_to_end_is_renewed_before_it_is_used(desk: Desk) -> None:
    """AGT-5: no call is made with a token that may end on its way."""
    desk.google.lifetime_s = 30
    await desk.connect("google_calendar")
    desk.google.lifetime_s = 3600
    told = await desk.call(await desk.tool("google_calendar", "create_event"), EVENT)
    assert (told.failed, desk.google.oauth.refreshes) == (False, 1)
    refused = [seen for seen in desk.google.seen if seen.path.endswith("/events")]
    assert len(refused) == 1


@pytest.mark.parametrize(("app", "word", "status"), [
    ("google_calendar", "", "expired"), ("slack", "invalid_auth", "expired"), ("slack", "token_revoked", "revoked")
])  # fmt: skip
async def test_an_authorization_that_was_withdrawn_is_told_and_shown(
    desk: Desk, app: str, word: str, status: str
) -> None:
    """AGT-5: the model hears that somebody has to connect it again; the tool is not available until then."""
    await desk.connect(app)
    name = {"google_calendar": "create_event", "slack": "post_message"}[app]
    tool = await desk.tool(app, name)
    arguments = {**EVENT} if app == "google_calendar" else {"text": "hello", "channel": "#support"}
    desk.slack.dead_word = word
    desk.fake(app).oauth.grants.clear()
    told = await desk.call(tool, arguments)
    assert (told.failed, "somebody has to connect it again" in told.text) == (True, True)
    assert [row["status"] for row in await desk.installations()] == [status]
    tools = f"/v1/agents/{desk.tenant.agent_id}/tools"
    assert (len((await desk.rest.get(tools)).json()), (await desk.rest.get(f"{tools}?available=1")).json()) == (1, [])
    await desk.connect(app)
    assert len((await desk.rest.get(f"{tools}?available=1")).json()) == 1
    assert not (await desk.call(tool, arguments)).failed


async def test_a_limit_is_waited_for_when_there_is_time(desk: Desk) -> None:
    """AGT-5: a short wait is waited, a long one is told; what was refused by a limit was not done."""
    await desk.connect("slack")
    tool = await desk.tool("slack", "post_message", {"channel": "C0123456789"})
    desk.slack.then(refusing(429, retry_after="0"))
    assert not (await desk.call(tool, {"text": "one"})).failed
    desk.slack.then(refusing(429, retry_after="30"))
    told = await desk.call(tool, {"text": "two"}, key="k1")
    assert (told.failed, "try again in 30 seconds" in told.text) == (True, True)
    assert not (await desk.call(tool, {"text": "two"}, key="k1")).failed
    assert [message["text"] for message in desk.slack.messages] == ["one", "two"]


async def test_an_app_that_hangs_ends_in_time(desk: Desk) -> None:
    """AGT-5: within the port's own limit; whether it acted is unknown, and the model is told so."""
    installation_id = await desk.connect("slack")
    desk.slack.then(Behaviour(Trouble.SILENT))
    action = Action(installation_id, "slack", "post_message", {"channel": "C0123456789"})
    with pytest.raises(IntegrationFailed, match="unknown"):
        await asyncio.wait_for(
            desk.deps.integrations.run(
                desk.tenant.organization_id, action, {"text": "x"}, idempotency_key="k", timeout_s=0.2
            ),
            timeout=5,
        )


async def test_what_an_app_says_of_a_failure_stays_outside(desk: Desk) -> None:
    """ORG-10: the fake's own sentences are in no answer to the model."""
    await desk.connect("google_calendar")
    tool = await desk.tool("google_calendar", "create_event")
    desk.google.then(refusing(400))
    told = await desk.call(tool, EVENT)
    assert (told.failed, "secret prompt" in told.text) == (True, False)


async def test_another_organization_can_neither_register_nor_run_the_action(desk: Desk) -> None:
    """ORG-1: its installation id means nothing elsewhere."""
    await desk.connect("slack")
    tool = await desk.tool("slack", "post_message", {"channel": "C0123456789"})
    other = await add_tenant(desk.deps, "Globex")
    async with rest_client(desk.deps, other.key) as rest:
        body = {name: tool[name] for name in ("name", "description", "parameters", "source")}
        made = await rest.post(f"/v1/agents/{other.agent_id}/tools", json=body)
    assert (made.status_code, "names no installed app" in made.json()["error"]) == (400, True)
    told = await replace(desk, tenant=other).call(tool, {"text": "hello"})
    assert (told.failed, desk.slack.messages) == (True, [])


@pytest.mark.parametrize(("change", "said"), [
    ({"actionKey": "delete_workspace"}, "names no action"),
    ({"config": {"channel": 7}}, "config that does not fit"),
    ({"appKey": "google_calendar"}, "names no installed app"),
])  # fmt: skip
async def test_a_tool_that_could_not_run_is_not_registered(desk: Desk, change: dict[str, object], said: str) -> None:
    """AGT-2: with the reason."""
    installation_id = await desk.connect("slack")
    keys = {"appKey": "slack", "actionKey": "post_message"}
    source = {"kind": "integration", "installationId": installation_id, **keys, **change}
    body = {"name": "t", "description": "T.", "parameters": {"type": "object"}, "source": source}
    made = await desk.rest.post(f"/v1/agents/{desk.tenant.agent_id}/tools", json=body)
    assert (made.status_code, said in made.json()["error"]) == (400, True), made.text
