"""Migration through the doors: the requests that are built are accepted as they stand."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.core.migration.samples import FIXTURES, SAMPLES
from tests.core.migration.test_corpus import FILES
from tests.mcp.client import mcp_client

pytestmark = on_sqlite


def _files(name: str) -> list[dict[str, str]]:
    return [{"path": file, "content": (FIXTURES / file).read_text("utf-8-sig")} for file in SAMPLES[name][2]]


async def _accepted(rest: httpx.AsyncClient, build: dict[str, Any], number: int = 0) -> None:
    """Send the requests of one agent as they stand; a number keeps the names of many imports apart."""
    name = f"{build['agent_create_payload']['name']}"
    payload = {**build["agent_create_payload"], "name": f"{number} {name}"[:200] if number else name}
    made = await rest.post("/v1/agents", json=payload)
    assert made.status_code == 201, made.text
    for tool in build["tools"]:
        taken = await rest.post(f"/v1/agents/{made.json()['id']}/tools", json=tool)
        assert taken.status_code == 201, (tool["name"], taken.text)
    for more in ({"agentId": made.json()["id"]}, {}):
        session = await rest.post("/v1/sessions", json={**build["session_config"], **more})
        assert session.status_code == 201, session.text


@pytest.mark.parametrize("graph", ["staged", "linked"])
@pytest.mark.parametrize("name", SAMPLES)
async def test_the_api_accepts_what_was_built(rest: httpx.AsyncClient, name: str, graph: str) -> None:
    """MIG-3"""
    answer = await rest.post("/v1/migration/build", json={"files": _files(name), "graph": graph})
    assert answer.status_code == 200, answer.text
    for build in answer.json()["builds"]:
        for one in (build, *build["linked_agents"]):
            await _accepted(rest, one)


@pytest.mark.skipif(not FILES, reason="there is no folder of other people's configurations")
async def test_the_api_accepts_what_was_built_from_published_configurations(rest: httpx.AsyncClient) -> None:
    """MIG-3"""
    number = 0
    for path in FILES:
        content = base64.b64encode(path.read_bytes()).decode()
        file = {"path": path.name, "content": content, "encoding": "base64"}
        answer = await rest.post("/v1/migration/build", json={"files": [file], "graph": "linked"})
        for build in answer.json().get("builds", ()):
            for one in (build, *build["linked_agents"]):
                number += 1
                await _accepted(rest, one, number)
    assert number > len(FILES)


async def test_applying_twice_updates_and_never_doubles(rest: httpx.AsyncClient) -> None:
    """MIG-3: the squad's members with their tools; the second time nothing is left to change."""
    body = {"files": _files("vapi_squad"), "graph": "linked"}
    first = (await rest.post("/v1/migration/apply", json=body)).json()["applied"][0]
    names = [agent["name"] for agent in first["agents"]]
    assert names == ["Clinic: Reception", "Clinic: Booking", "Clinic: member_3"]
    assert {agent["change"] for agent in first["agents"]} == {"created"}
    tools = [[tool["name"] for tool in agent["tools"]] for agent in first["agents"]]
    assert tools == [["transfer_to_agent"], ["book"], ["transfer_to_agent"]]
    rows = (await rest.get(f"/v1/agents/{first['agents'][0]['agent_id']}/tools")).json()
    assert [one["agentId"] for one in rows[0]["source"]["config"]["agents"]] == [first["agents"][1]["agent_id"]]
    second = (await rest.post("/v1/migration/apply", json=body)).json()["applied"][0]
    changes = [thing["change"] for agent in second["agents"] for thing in (agent, *agent["tools"])]
    assert set(changes) == {"unchanged"}
    assert [agent["agent_id"] for agent in second["agents"]] == [agent["agent_id"] for agent in first["agents"]]
    listed = (await rest.get("/v1/agents")).json()
    assert sorted(row["name"] for row in listed if row["name"].startswith("Clinic")) == sorted(names)


async def test_a_changed_source_updates_what_is_here_and_leaves_what_was_added_by_hand(rest: httpx.AsyncClient) -> None:
    """MIG-3: secrets, and tools of other names, stay."""
    files = _files("vapi_assistant")
    agent = (await rest.post("/v1/migration/apply", json={"files": files})).json()["applied"][0]["agents"][0]
    path = f"/v1/agents/{agent['agent_id']}/tools"
    own = {"name": "own", "description": "Ours.", "parameters": {"type": "object"}, "source": {"kind": "inline"}}
    assert (await rest.post(path, json=own)).status_code == 201
    await rest.patch(f"/v1/agents/{agent['agent_id']}", json={"audioOutput": {"gainDb": 3}})
    changed = [{**file, "content": file["content"].replace("how can I help?", "ahoy!")} for file in files]
    assert changed != files
    again = (await rest.post("/v1/migration/apply", json={"files": changed})).json()["applied"][0]["agents"][0]
    assert (again["agent_id"], again["change"]) == (agent["agent_id"], "updated")
    row = (await rest.get(f"/v1/agents/{agent['agent_id']}")).json()
    assert row["audioOutput"] == {"gainDb": 3}
    tools = [tool["name"] for tool in (await rest.get(path)).json()]
    assert sorted(tools) == sorted(["own", *(tool["name"] for tool in agent["tools"])])


async def test_two_sources_of_one_name_are_two_agents(rest: httpx.AsyncClient) -> None:
    """MIG-3"""
    files = [{**file, "path": f"{at}.yaml"} for at, file in enumerate(_files("vapi_legacy") * 2)]
    files[1]["content"] += "\nmetadata: {copy: 2}\n"
    applied = (await rest.post("/v1/migration/apply", json={"files": files})).json()["applied"]
    names = [one["agents"][0]["name"] for one in applied]
    assert names == [names[0], f"{names[0]} 2"]


async def test_a_parsed_model_is_built_from_as_it_came(rest: httpx.AsyncClient) -> None:
    """MIG-2, MIG-3"""
    parsed = (await rest.post("/v1/migration/parse", json={"files": _files("retell_agent_and_llm")})).json()
    assert [(agent["platform"], agent["kind"]) for agent in parsed["agents"]] == [("retell", "bundle")]
    assert parsed["agents"][0]["report"]["counts"]["mapped"] > 20
    neutral = parsed["agents"][0]["neutral"]
    one = (await rest.post("/v1/migration/build", json={"neutral": neutral})).json()["builds"][0]
    other = (await rest.post("/v1/migration/build", json={"files": _files("retell_agent_and_llm")})).json()["builds"][0]
    assert one["agent_create_payload"] == other["agent_create_payload"]
    assert one["report"] is None


async def test_a_full_report_has_a_line_for_every_value(rest: httpx.AsyncClient) -> None:
    """MIG-2"""
    body = {"files": _files("vapi_assistant"), "detail": "full"}
    report = (await rest.post("/v1/migration/parse", json=body)).json()["agents"][0]["report"]
    assert len(report["entries"]) == report["leaves"]


async def test_a_workspace_is_inspected_from_what_was_sent(rest: httpx.AsyncClient) -> None:
    """MIG-1"""
    found = (await rest.post("/v1/migration/inspect", json={"files": _files("vapi_squad")})).json()
    assert found["selected"] == ["vapi_squad.json"]
    assert found["plan"][0]["step"] == 1


BAD: list[tuple[str, dict[str, object], str]] = [
    ("parse", {"files": []}, "files"),
    ("parse", {"files": [{"path": "a.json", "content": "{"}]}, "not valid JSON"),
    ("parse", {"files": [{"path": "a.json", "content": "??", "encoding": "base64"}]}, "base64"),
    ("build", {}, "either `files` or a `neutral`"),
    ("build", {"files": [{"path": "a.json", "content": "{}"}]}, "Nothing to build"),
    ("build", {"neutral": {"platform": "x", "kind": "y", "agents": []}}, "no agent"),
    ("build", {"neutral": {"hello": 1}}, "not a neutral model"),
    ("build", {"files": [], "graph": "spiral"}, "graph"),
]


@pytest.mark.parametrize(("operation", "body", "sentence"), BAD)
async def test_a_bad_request_is_answered_in_one_sentence(
    rest: httpx.AsyncClient, operation: str, body: dict[str, object], sentence: str
) -> None:
    """MIG-2"""
    answer = await rest.post(f"/v1/migration/{operation}", json=body)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]


async def test_nothing_of_a_request_is_stored(rest: httpx.AsyncClient, deps: Deps, tmp_path: Path) -> None:
    """MIG-5"""
    await rest.post("/v1/migration/build", json={"files": _files("vapi_legacy")})
    stored = _everything_in(tmp_path)
    assert b"Night desk" not in stored


async def test_the_three_tools_lead_from_a_workspace_to_an_agent(deps: Deps, tenant: Tenant) -> None:
    """MCP-7, MIG-1, MIG-2, MIG-3"""
    async with mcp_client(deps, tenant.key) as client:
        files = _files("elevenlabs_agent")
        inspected = await client.call_tool("inspect_workspace", {"files": files})
        assert inspected.structured_content is not None
        assert inspected.structured_content["selected"] == ["elevenlabs_agent.json"]
        parsed = await client.call_tool("parse_external_config", {"files": files})
        assert "approximated" in json.dumps(parsed.structured_content)
        built = await client.call_tool("build_session_config", {"files": files, "detail": "grouped"})
        assert built.structured_content is not None
        payload = built.structured_content["builds"][0]["agent_create_payload"]
        made = await client.call_tool("create_agent", payload)
        assert made.structured_content is not None
        assert made.structured_content["name"] == "Museum guide"


async def test_a_tool_error_says_which_tool_comes_first(deps: Deps, tenant: Tenant) -> None:
    """MCP-11"""
    async with mcp_client(deps, tenant.key) as client:
        answer = await client.call_tool("build_session_config", {}, raise_on_error=False)
        assert answer.is_error
        assert "parse_external_config" in json.dumps([block.text for block in answer.content])  # type: ignore[union-attr]


def _everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_fixed_values_of_tools_get_the_variables_of_the_session(rest: httpx.AsyncClient) -> None:
    """MIG-3: ElevenLabs' dynamic variables reach the old server; what nobody gave keeps its default."""
    body = {"files": _files("elevenlabs_agent"), "providers": "any"}
    applied = (await rest.post("/v1/migration/apply", json=body)).json()["applied"][0]
    start = {**applied["session_config"], "agentId": applied["agents"][0]["agent_id"]}
    sent = []
    for variables in ({"visitor": "Ada"}, {}):
        created = await rest.post("/v1/sessions", json={**start, "variables": {"room": "7", **variables}})
        assert created.status_code == 201, created.text
        plan = (await rest.get(f"/v1/sessions/{created.json()['sessionId']}")).json()["plan"]
        sent.append(plan["tools"]["find_work"]["source"]["constants"])
    assert [constants["who"] for constants in sent] == ["Ada", "guest"]
    assert [constants["lang"] for constants in sent] == ["en", "en"]
