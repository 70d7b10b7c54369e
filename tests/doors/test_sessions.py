"""Sessions, over both doors: what a coding agent needs to test a voice agent."""

from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.core.sessions_kit import claim, running, turn
from tests.doors.doors import Door, open_door


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def test_a_created_session_has_a_talk_page_and_is_listed_and_readable(door: Door, tenant: Tenant) -> None:
    """MCP-2"""
    made = await door.call("sessions.create", agentId=tenant.agent_id, ttlSeconds=600)
    assert made.code is None, made.message
    session_id = made.value["sessionId"]
    assert f"/talk/{session_id}#token=" in made.value["talkUrl"]
    listed = await door.call("sessions.list", agent=tenant.agent_id)
    assert [entry["sessionId"] for entry in listed.value["entries"]] == [session_id]
    read = await door.call("sessions.get", id=session_id)
    assert (read.value["status"], read.value["agentName"], read.value["turnCount"]) == ("created", "Default", 0)
    assert (await door.call("sessions.transcript", id=session_id)).value["entries"] == []


async def test_the_transcript_of_a_conversation_can_be_read(
    door: Door, deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """MCP-2"""
    async with running(deps, rest, tenant.agent_id) as session:
        await session.post_turns(turn(0, "book a table"), turn(1, "For how many?", source="agent"))
    entries = (await door.call("sessions.transcript", id=session.id)).value["entries"]
    assert [(entry["source"], entry["text"]) for entry in entries] == [
        ("user", "book a table"),
        ("agent", "For how many?"),
    ]


async def test_no_door_hands_out_a_used_up_session_or_an_unknown_one(
    door: Door, deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """SES-12"""
    made = (await door.call("sessions.create", agentId=tenant.agent_id)).value
    assert (await claim(deps, made["sessionId"])).status_code == 200
    assert (await claim(deps, made["sessionId"])).status_code == 409
    assert (await door.call("sessions.get", id="missing")).code == "SESSION_NOT_FOUND"
    assert (await door.call("sessions.create", agentId="agent_missing")).code == "NOT_FOUND"
    assert (await door.call("sessions.create")).code == "VALIDATION_ERROR"
