"""Migration through the doors: the requests that are built are accepted as they stand."""

import json
from pathlib import Path

import httpx
import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.core.migration.samples import FIXTURES, SAMPLES
from tests.mcp.client import mcp_client

pytestmark = on_sqlite


def _files(name: str) -> list[dict[str, str]]:
    return [{"path": file, "content": (FIXTURES / file).read_text("utf-8-sig")} for file in SAMPLES[name][2]]


@pytest.mark.parametrize("name", SAMPLES)
async def test_the_api_accepts_what_was_built(rest: httpx.AsyncClient, name: str) -> None:
    """MIG-3"""
    answer = await rest.post("/v1/migration/build", json={"files": _files(name)})
    assert answer.status_code == 200, answer.text
    for build in answer.json()["builds"]:
        made = await rest.post("/v1/agents", json=build["agent_create_payload"])
        assert made.status_code == 201, made.text
        session = await rest.post("/v1/sessions", json={**build["session_config"], "agentId": made.json()["id"]})
        assert session.status_code == 201, session.text
        bare = await rest.post("/v1/sessions", json=build["session_config"])
        assert bare.status_code == 201, bare.text


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
