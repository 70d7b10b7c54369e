"""A migrated tool, called in a conversation, reaches the customer's old server as its platform did."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest
import uvicorn

from speko_core.deps import Deps
from speko_core.providers.base import LlmRequest, LlmUsage, TextDelta, ToolCall
from tests.conftest import Tenant, rest_client
from tests.core.migration.samples import FIXTURES, SAMPLES
from tests.fakes.scripted_providers import Calls
from tests.fakes.scripted_providers import cast as cast_of
from tests.fakes.tool_servers import ToolServers
from tests.gateway.oneshot_door import JSON
from tests.gateway.pet_shop import guide_deps, tenant
from tests.serving import served

__all__ = ["guide_deps", "tenant"]

KEY = "the-servers-own-key"
# Fixture, tool here, arguments, what the server knows the tool as, what the model is told.
CASES: list[tuple[str, str, str, str, str]] = [
    ("vapi_assistant", "check_availability", '{"day": "Friday"}', "checkAvailability", "two boats on Friday"),
    ("retell_llm", "find_slot", '{"day": "Montag"}', "find_slot", "10 Uhr am Montag"),
    ("elevenlabs_agent", "find_work", '{"title": "Girl / Pearl"}', "find_work", '{"room": 7}'),
    ("bland_call", "check_stock", '{"flower": "peony"}', "check_stock", "12 of peony"),
    ("bolna_agent", "next_train", '{"station": "Noida"}', "next_train", "Noida 10:04"),
    ("ultravox_call", "forecast", '{"day": "lundi"}', "forecast", "clear lundi"),
    ("deepgram_settings", "lookup_case", '{"number": "7"}', "lookup_case", "no 7 is open"),
    ("telnyx_assistant", "find_class", '{"day": "Monday"}', "find_class", "yoga on Monday"),
]


@pytest.fixture
async def servers() -> AsyncIterator[tuple[ToolServers, str]]:
    """The old servers, and where they are."""
    fake = ToolServers()
    async with served(uvicorn.Config(fake.app, log_level="error", ws="none")) as url:
        yield fake, url


def _moved(name: str, url: str) -> list[dict[str, str]]:
    """The fixture with the addresses of its tools on the servers of this test."""
    platform = name.partition("_")[0]
    text = (FIXTURES / SAMPLES[name][2][0]).read_text("utf-8-sig")
    return [{"path": f"{name}.json", "content": re.sub(r"https://[a-z.]+\.example\.com", f"{url}/{platform}", text)}]


async def _with_keys(rest: httpx.AsyncClient, agent_id: str, row: dict[str, Any]) -> dict[str, Any]:
    """What `keys_to_set` asks for: the secret headers get their values."""
    hidden = row["source"].get("authHeaders", [])
    if not hidden:
        return row
    source = {**row["source"], "authHeaders": [{"name": header["name"], "value": KEY} for header in hidden]}
    changed = await rest.patch(f"/v1/agents/{agent_id}/tools/{row['id']}", json={"source": source})
    assert changed.status_code == 200, changed.text
    return cast(dict[str, Any], changed.json())


async def _migrate(rest: httpx.AsyncClient, name: str, url: str, tool: str) -> tuple[str, dict[str, Any]]:
    """Apply a fixture, set the keys it asks for, start a session; its id and the tool as it is listed."""
    applied = await rest.post("/v1/migration/apply", json={"files": _moved(name, url), "providers": "any"})
    assert applied.status_code == 200, applied.text
    migrated = applied.json()["applied"][0]
    agent_id = migrated["agents"][0]["agent_id"]
    rows = (await rest.get(f"/v1/agents/{agent_id}/tools")).json()
    row = await _with_keys(rest, agent_id, next(row for row in rows if row["name"] == tool))
    session = await rest.post("/v1/sessions", json={**migrated["session_config"], "agentId": agent_id})
    assert session.status_code == 201, session.text
    return str(session.json()["sessionId"]), row


@pytest.mark.parametrize(("name", "tool", "arguments", "called", "told"), CASES, ids=[case[0] for case in CASES])
async def test_the_old_server_understands_a_migrated_tool_and_its_answer_is_told(
    guide_deps: Deps,
    tenant: Tenant,
    servers: tuple[ToolServers, str],
    name: str,
    tool: str,
    arguments: str,
    called: str,
    told: str,
) -> None:
    """MIG-3: apply, set the keys, talk."""
    fake, url = servers
    call = (ToolCall("c1", tool, arguments), LlmUsage(1, 1))
    script = cast_of(acme=Calls((call, (TextDelta("Well."), LlmUsage(1, 1)))))
    async with rest_client(replace(guide_deps, providers=script.registry), tenant.key) as rest:
        session_id, row = await _migrate(rest, name, url, tool)
        body: dict[str, object] = {
            "messages": [{"role": "user", "content": "Please look."}],
            "intent": {"language": "en-US"},
            "tools": [{**row, "executionMode": "webhook"}],
        }
        answer = await rest.post("/v1/complete", json=body, headers={**JSON, "x-session-id": session_id})
    assert answer.status_code == 200, answer.text
    assert told in cast(LlmRequest, script.request("acme", 1)).messages[-1].content
    assert [seen for seen, _ in fake.seen] == [called]
    assert "webhook-signature" in fake.headers[0]
    for header in row["source"].get("authHeaders", []):
        assert fake.headers[0][header["name"].lower()] == KEY
