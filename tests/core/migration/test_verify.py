"""Scenarios are written from a source alone, and what they find is true."""

import json
from typing import Any, cast

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speko_core.errors import SpekoError
from speko_core.migration.documents import File
from speko_core.migration.neutral import dump
from speko_core.migration.parse import parse_files
from speko_core.migration.verify.examples import example_arguments
from speko_core.migration.verify.scenarios import write_scenarios
from speko_core.tools.parameters import argument_problems
from speko_core.types import JsonObject, JsonValue
from tests.core.migration.samples import FIXTURES, SAMPLES, parsed
from tests.core.migration.test_completeness import JSON_FIXTURES, mutate
from tests.fakes.tool_servers import ToolServers
from tests.gateway.pet_shop import guide_deps, rest, tenant
from tests.serving import served

__all__ = ["guide_deps", "rest", "tenant"]

names = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
plain = st.one_of(
    st.just({"type": "string"}),
    st.builds(lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more}, st.integers(0, 30), st.integers(0, 30)),
    st.sampled_from([{"type": "string", "format": form} for form in ("date", "date-time", "email", "uuid", "uri")]),
    st.builds(lambda values: {"type": "string", "enum": values}, st.lists(st.text(max_size=9), min_size=1, max_size=3)),
    st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, st.integers(-50, 50), st.integers(0, 9)),
    st.builds(lambda step, low: {"type": "number", "multipleOf": step, "minimum": low}, st.sampled_from([1, 2, 5, 0.5]), st.integers(-9, 9)),
    st.builds(lambda high: {"type": "integer", "exclusiveMaximum": high}, st.integers(-50, 50)),
    st.sampled_from([{"type": "boolean"}, {"const": 7}, {"type": ["string", "null"]}, {"default": "x", "type": "string"}]),
)  # fmt: skip


def _object(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def made(fields: dict[str, Any]) -> JsonObject:
        return {"type": "object", "properties": fields, "required": [*sorted(fields)[::2]]}

    return st.dictionaries(names, inner, max_size=4).map(made)


schemas = st.recursive(
    plain,
    lambda inner: st.one_of(
        _object(inner),
        st.builds(lambda item, low: {"type": "array", "items": item, "minItems": low}, inner, st.integers(0, 3)),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(schema=_object(schemas))
def test_example_arguments_fit_their_schema(schema: JsonObject) -> None:
    """MIG-3"""
    made = example_arguments(schema)
    assert made is not None
    assert argument_problems(schema, made) == []


def test_what_cannot_be_made_up_is_not() -> None:
    """MIG-3: a wrong example would look like a fault of the tool."""
    plate: JsonObject = {
        "type": "object",
        "required": ["plate"],
        "properties": {"plate": {"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}},
    }
    assert example_arguments(plate) is None
    named: dict[str, object] = {
        **plate,
        "properties": {"plate": {"type": "string", "pattern": "^[A-Z]{2}-\\d+$", "examples": ["HH-1"]}},
    }
    assert example_arguments(cast(JsonObject, named)) == {"plate": "HH-1"}


@pytest.mark.parametrize("name", JSON_FIXTURES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_everything_a_source_does_has_one_scenario(name: str, data: st.DataObject) -> None:
    """MIG-3: also when the source is odd."""
    value = mutate(cast(JsonValue, json.loads((FIXTURES / name).read_text("utf-8-sig"))), data)
    try:
        outcome = parse_files([File(name, json.dumps(value).encode())])
    except SpekoError:
        return
    for found in outcome.parsed:
        written = write_scenarios(found.agents)
        kinds = [scenario.kind for scenario in written]
        agents = found.agents.agents
        assert kinds.count("first_message") == len(agents)
        assert kinds.count("tool") + kinds.count("end_call") == sum(len(agent.tools) for agent in agents)
        assert kinds.count("transfer") == sum(len(agent.transfers) for agent in agents)
        assert kinds.count("extraction") == sum(len(agent.extraction) for agent in agents)
        assert kinds.count("variable") == sum(len(agent.variables) for agent in agents)
        assert kinds.count("handoff") == len(found.agents.handoffs)


def _body(name: str, **more: object) -> dict[str, object]:
    files = [{"path": file, "content": (FIXTURES / file).read_text("utf-8-sig")} for file in SAMPLES[name][2]]
    return {"files": files, **more}


async def _verify(rest: httpx.AsyncClient, name: str, **more: object) -> dict[str, Any]:
    answer = await rest.post("/v1/migration/verify", json=_body(name, **more))
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.json())


def _check(answer: dict[str, Any], subject: str) -> dict[str, Any]:
    return next(check for one in answer["verified"] for check in one["checks"] if check["subject"] == subject)


async def test_every_fixture_is_verified_and_only_what_is_unmappable_is_missing(rest: httpx.AsyncClient) -> None:
    """MIG-3: what differs would be a fault of the migration."""
    for name in SAMPLES:
        answer = await _verify(rest, name)
        checks = [check for one in answer["verified"] for check in one["checks"]]
        assert [check for check in checks if check["result"] == "differs"] == [], name
        lost = {tool.name for agent in parsed(name).agents.agents for tool in agent.tools if tool.unmappable}
        missing = [check for check in checks if check["result"] == "missing" and check["subject"] not in lost]
        assert all(check["kind"] == "transfer" or "stay" in check["seen"] for check in missing), (name, missing)
        assert answer["equivalent"] is not any(check["result"] == "missing" for check in checks), name


async def test_a_tool_is_tried_with_arguments_and_its_answer_is_made_up(rest: httpx.AsyncClient) -> None:
    """MIG-3"""
    check = _check(await _verify(rest, "vapi_assistant"), "check_availability")
    assert (check["result"], check["how"]) == ("matches", "simulated")
    assert check["seen"] == 'POST https://boats.example.com/vapi/tools {"day": "example"}'


async def test_a_handoff_is_a_stage_of_one_prompt_or_a_tool_that_hands_over(rest: httpx.AsyncClient) -> None:
    """MIG-3: of linked agents, the one that the source named takes over."""
    assert _check(await _verify(rest, "vapi_squad"), "booking")["result"] == "matches"
    linked = await _verify(rest, "vapi_squad", graph="linked")
    check = _check(linked, "booking")
    assert (check["result"], check["how"], check["seen"]) == ("matches", "run", "hands over to Clinic: Booking")


async def test_only_tools_that_are_named_are_really_called(rest: httpx.AsyncClient) -> None:
    """MIG-3: with the stored tool; a call may book something, so none is made unasked."""
    fake = ToolServers()
    async with served(uvicorn.Config(fake.app, log_level="error", ws="none")) as url:
        body = _body("deepgram_settings")
        files = cast(list[dict[str, str]], body["files"])
        files[0]["content"] = files[0]["content"].replace("https://legal.example.com", f"{url}/deepgram")
        early = await rest.post("/v1/migration/verify", json={**body, "live": ["lookup_case"]})
        assert (early.status_code, "no webhook tool lookup_case" in early.json()["error"]) == (400, True)
        agent = (await rest.post("/v1/migration/apply", json=body)).json()["applied"][0]["agents"][0]
        path = f"/v1/agents/{agent['agent_id']}/tools"
        row = next(row for row in (await rest.get(path)).json() if row["name"] == "lookup_case")
        keys = [{"name": header["name"], "value": "k"} for header in row["source"]["authHeaders"]]
        await rest.patch(f"{path}/{row['id']}", json={"source": {**row["source"], "authHeaders": keys}})
        await rest.post("/v1/migration/verify", json=body)
        assert fake.seen == []
        answer = (await rest.post("/v1/migration/verify", json={**body, "live": ["lookup_case"]})).json()
    assert fake.seen == [("lookup_case", {"number": "example"})]
    check = _check(answer, "lookup_case")
    assert (check["result"], check["how"], "no example is open" in check["seen"]) == ("matches", "live", True)


async def test_a_session_that_would_not_start_is_found(rest: httpx.AsyncClient) -> None:
    """MIG-3: a check can fail."""
    agents = parsed("vapi_assistant").agents
    agents.agents[0].variables[0].name = "system.own"
    answer = (await rest.post("/v1/migration/verify", json={"neutral": dump(agents)})).json()
    check = _check(answer, "check_availability")
    assert (answer["equivalent"], check["result"], "system.own" in check["seen"]) == (False, "differs", True)
