"""The dashboard: what a signed-in person sees and does."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import update

from speko_core.accounts.models import Membership
from speko_core.deps import Deps
from speko_core.providers.local.phrases import demo_phrases
from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_gateway.web.phrases import DEMO_PHRASES
from tests.conftest import Tenant
from tests.gateway.web_visitor import Visitor, visitor

KEY = re.compile(r"sk_(?:live|test)_[0-9A-Za-z]{39}")


@pytest.fixture
async def person(deps: Deps, tenant: Tenant) -> AsyncIterator[Visitor]:
    member = visitor(deps)
    async with member.client:
        await member.sign_in(deps, tenant)
        yield member


async def start_conversation(person: Visitor, tenant: Tenant) -> httpx.Response:
    return await person.submit("/talk", "/talk", agent=tenant.agent_id)


def session_id_of(started: httpx.Response) -> str:
    return urlsplit(started.headers["location"]).path.removeprefix("/talk/")


async def add_turn(deps: Deps, tenant: Tenant, session_id: str, index: int, source: str, text: str) -> None:
    now = deps.clock.now()
    latency = {"vadMs": 40, "sttMs": 110, "eouMs": 150, "llmTtftMs": 230, "ttsTtfbMs": 90, "totalMs": 500}
    turn = SessionTurn(
        id=f"turn_{index}",
        organization_id=tenant.organization_id,
        session_id=session_id,
        idx=index,
        source=source,
        text=text,
        started_at=now,
        ended_at=now + timedelta(seconds=1),
        legs={"stt": None, "llm": {"provider": "sandbox", "model": "sandbox-1"}, "tts": None},
        latency=latency if source == "agent" else {},
        tool_calls=[],
        created_at=now,
        updated_at=now,
    )
    async with deps.database.transaction(tenant.organization_id) as db:
        db.add(turn)


async def test_starting_a_conversation_hands_the_token_on_in_the_fragment_only(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """SES-8: the token is in no path and no query, so no log or proxy sees it."""
    started = await start_conversation(person, tenant)
    assert started.status_code == 303
    link = urlsplit(started.headers["location"])
    fields = parse_qs(link.fragment)
    assert (link.netloc, link.query, sorted(fields)) == ("", "", ["token", "url"])
    assert fields["url"][0].endswith(f"{session_id_of(started)}/media")
    assert (await person.see(link.path)).status_code == 200


async def test_a_speech_to_speech_conversation_starts_from_the_same_form(tenant: Tenant, person: Visitor) -> None:
    """SES-6: the page is told the socket and its token, in the fragment like every other."""
    started = await person.submit("/talk", "/talk", agent=tenant.agent_id, mode="s2s")
    link = urlsplit(started.headers["location"])
    fields = parse_qs(link.fragment)
    assert (link.netloc, link.query, fields["mode"], fields["sandbox"]) == ("", "", ["s2s"], ["1"])
    assert fields["agent"]
    assert fields["url"][0].endswith(f"{session_id_of(started)}/realtime")


async def test_sending_the_start_form_twice_starts_one_conversation(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """ORG-11: a double click or a reload must not dispatch a second agent."""
    page = (await person.see("/talk")).text
    fields = {name: re.search(f'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "once")}  # type: ignore[index]
    answers = [await person.client.post("/talk", data={**fields, "agent": tenant.agent_id}) for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]


async def test_the_overview_shows_agents_and_the_latest_sessions(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """OPS-5: one look says what there is."""
    session_id = session_id_of(await start_conversation(person, tenant))
    text = (await person.see("/")).text
    assert f'href="/agents/{tenant.agent_id}"' in text
    assert f'href="/sessions/{session_id}"' in text
    assert "claude mcp add --transport http speko http://127.0.0.1:8484/mcp" in text


async def test_a_session_shows_what_was_said_and_where_the_time_went(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """OPS-5: transcript and latency waterfall; what callers say is text, never markup."""
    session_id = session_id_of(await start_conversation(person, tenant))
    await add_turn(deps, tenant, session_id, 0, "user", "<b>open</b> on saturday?")
    await add_turn(deps, tenant, session_id, 1, "agent", "From nine to noon.")
    text = (await person.see(f"/sessions/{session_id}")).text
    assert "&lt;b&gt;open&lt;/b&gt; on saturday?" in text
    assert "Answered in 500 milliseconds" in text
    assert "LLM 230 ms" in text
    assert "sandbox sandbox-1" in text


async def test_the_page_of_a_session_follows_it_while_something_may_change(
    deps: Deps, tenant: Tenant, person: Visitor
) -> None:
    """OPS-5: a running call is watched without a reload; a page of the past asks for nothing."""
    path = f"/sessions/{session_id_of(await start_conversation(person, tenant))}"
    running = (await person.see(path)).text
    async with deps.database.transaction(tenant.organization_id) as db:
        await db.execute(update(VoiceSession).values(status="ended", recording_status="pending"))
    recording = (await person.see(path)).text
    async with deps.database.transaction(tenant.organization_id) as db:
        await db.execute(update(VoiceSession).values(recording_status="ready"))
    over = (await person.see(path)).text
    assert ["data-live-on" in page for page in (running, recording, over)] == [True, True, False]


async def test_sessions_can_be_filtered_and_paged(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """OPS-5: older sessions are a link away and keep the filter."""
    for _ in range(26):
        await start_conversation(person, tenant)
    first = (await person.see("/sessions?status=created")).text
    older = re.search(r'href="(/sessions\?[^"]*cursor=[^"]+)"', first)
    assert older is not None
    second = (await person.see(older[1].replace("&amp;", "&"))).text
    rows = re.compile(r'<td><a href="/sessions/([^"]+)"')
    assert (len(rows.findall(first)), len(rows.findall(second))) == (25, 1)
    assert "No session matches the filter." in (await person.see("/sessions?status=failed")).text


async def test_what_belongs_to_others_is_not_found(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, person: Visitor
) -> None:
    """ORG-1: a page of another organization's agent or session is the same 404 as one that never was."""
    stranger = visitor(deps)
    async with stranger.client:
        await stranger.sign_in(deps, other_tenant)
        theirs = session_id_of(await start_conversation(stranger, other_tenant))
    for path in (f"/sessions/{theirs}", "/sessions/nope", f"/agents/{other_tenant.agent_id}", "/agents/nope"):
        answer = await person.see(path)
        assert (answer.status_code, "It does not exist" in answer.text) == (404, True), path
    assert theirs not in (await person.see("/sessions")).text


async def test_a_new_key_is_shown_once(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-3: the value is on the answer of its creation and on no other page."""
    created = await person.submit("/keys", "/keys", name="laptop", mode="test", scopes=["agents:read"])
    (key,) = set(KEY.findall(created.text))
    assert created.headers["cache-control"] == "no-store"
    listed = (await person.see("/keys")).text
    assert "laptop" in listed
    assert not KEY.search(listed)
    async with httpx.AsyncClient(transport=person.client._transport, base_url="http://testserver") as api:
        headers = {"Authorization": f"Bearer {key}"}
        assert (await api.get("/v1/agents", headers=headers)).status_code == 200
        assert (await api.get("/v1/api-keys", headers=headers)).status_code == 403


async def test_a_revoked_key_stops_working_and_says_so(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-3: revoking is one button."""
    created = await person.submit("/keys", "/keys", name="old", mode="live")
    key = KEY.findall(created.text)[0]
    key_id = re.search(r'action="/keys/(key_[^/]+)/revoke"', created.text)
    assert key_id is not None
    assert (await person.submit("/keys", f"/keys/{key_id[1]}/revoke")).status_code == 303
    assert "revoked" in (await person.see("/keys")).text
    async with httpx.AsyncClient(transport=person.client._transport, base_url="http://testserver") as api:
        assert (await api.get("/v1/agents", headers={"Authorization": f"Bearer {key}"})).status_code == 401


async def test_a_mistake_in_a_form_is_explained_beside_it(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-10: the field is named, and the form is still there."""
    answer = await person.submit("/keys", "/keys", name="  ", mode="test")
    assert answer.status_code == 400
    assert "name" in answer.text
    assert 'action="/keys"' in answer.text


async def test_the_organization_can_be_renamed(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """OPS-5: settings are saved through the same operation as REST."""
    saved = await person.submit("/settings", "/settings/organization", name="Acme Dental")
    assert saved.status_code == 303
    text = (await person.see(saved.headers["location"])).text
    assert "Acme Dental" in text
    assert "saved" in text


async def test_a_viewer_sees_no_buttons_and_can_do_nothing(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """ORG-5: the role decides, on the page and behind it."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        await db.execute(update(Membership).where(Membership.user_id == tenant.user_id).values(role="viewer"))
    assert (await person.see("/")).status_code == 200
    assert (await person.see("/keys")).status_code == 403
    assert (await start_conversation(person, tenant)).status_code == 403
    assert (await person.submit("/settings", "/settings/organization", name="Mine")).status_code == 403


async def test_the_session_pages_show_states_that_are_over(deps: Deps, tenant: Tenant, person: Visitor) -> None:
    """SES-2: an ended session names its end and its length."""
    session_id = session_id_of(await start_conversation(person, tenant))
    now = deps.clock.now()
    ended = {"status": "ended", "started_at": now, "ended_at": now + timedelta(seconds=75), "end_reason": "agent"}
    async with deps.database.transaction(tenant.organization_id) as db:
        await db.execute(update(VoiceSession).where(VoiceSession.id == session_id).values(**ended))
    text = (await person.see(f"/sessions/{session_id}")).text
    assert "1:15" in text
    assert "Nothing was said in this conversation." in text


def test_the_phrases_on_the_talk_page_are_known_to_the_offline_voice() -> None:
    """RTE-17: what the page suggests is what the recogniser was measured on."""
    assert set(DEMO_PHRASES) <= set(demo_phrases())
