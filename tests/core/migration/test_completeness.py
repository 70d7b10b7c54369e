"""Nothing is dropped in silence, whatever the input looks like."""

import json
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speko_core.agents.schemas import AgentCreate
from speko_core.errors import SpekoError
from speko_core.migration.acceptable import tool_problem
from speko_core.migration.build import BuildOptions, GraphChoice
from speko_core.migration.documents import File, documents_of
from speko_core.migration.emit import build_session_config
from speko_core.migration.parse import Parsed, parse_files
from speko_core.migration.paths import leaf_paths
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.types import JsonValue
from tests.core.migration.samples import FIXTURES, SAMPLES, files_of, parsed

JSON_FIXTURES = sorted(path.name for path in FIXTURES.glob("*.json"))
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**6) | st.floats(-10, 10**4) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def check(found: Parsed, leaves: int) -> None:
    """The invariants of every report."""
    pointers = [entry.pointer for entry in found.report.entries]
    assert found.report.leaves == leaves == len(pointers) == sum(found.report.counts.values())
    assert len(set(pointers)) == len(pointers)
    assert all(entry.leaves == 1 for entry in found.report.entries)
    for graph in ("staged", "linked"):
        build = build_session_config(found.agents, BuildOptions(graph=cast(GraphChoice, graph)))
        for one in build.agents:
            AgentCreate.model_validate(one.agent_create_payload)
            SessionCreate.model_validate(one.session_config)
            assert [tool["name"] for tool in one.tools if tool_problem(tool)] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_every_leaf_is_reported_exactly_once(name: str) -> None:
    """MIG-2"""
    files = files_of(name)
    documents = [documents_of(file)[0].value for file in files]
    if name == "ultravox_typescript":
        documents = [documents_of(files[0])[1].value]
    check(parsed(name), sum(len(list(leaf_paths(value))) for value in documents))


def mutate(value: JsonValue, data: st.DataObject) -> JsonValue:
    """Change one place of a document: replace, remove, double or add."""
    paths = list(leaf_paths(value))
    path = data.draw(st.sampled_from(paths))
    path = path[: data.draw(st.integers(1, max(len(path), 1)))]
    parent: JsonValue = value
    for part in path[:-1]:
        parent = parent[part]  # type: ignore[index, call-overload]
    action = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if isinstance(parent, dict) and path:
        key = str(path[-1])
        if action == "remove":
            parent.pop(key, None)
        else:
            parent[key if action == "replace" else data.draw(st.text(max_size=9))] = data.draw(junk)
    elif isinstance(parent, list) and path and isinstance(path[-1], int):
        if action == "remove":
            parent.pop(path[-1])
        else:
            parent.insert(path[-1], data.draw(junk))
    return value


@pytest.mark.parametrize("name", JSON_FIXTURES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_document_is_still_accounted_for_in_full(name: str, data: st.DataObject) -> None:
    """MIG-2"""
    value = cast(JsonValue, json.loads((FIXTURES / name).read_text("utf-8-sig")))
    for _ in range(data.draw(st.integers(1, 4))):
        value = mutate(value, data)
    try:
        outcome = parse_files([File(name, json.dumps(value).encode())])
    except SpekoError:
        return
    for found in outcome.parsed:
        check(found, len(list(leaf_paths(value))))


def test_a_session_takes_what_is_built_although_the_source_holds_nul() -> None:
    """MIG-2"""
    value = json.loads((FIXTURES / "ultravox_call.json").read_text("utf-8-sig"))
    value["metadata"]["line"] = "\0"
    (found,) = parse_files([File("call.json", json.dumps(value).encode())]).parsed
    check(found, len(list(leaf_paths(value))))
    built = build_session_config(found.agents, BuildOptions())
    assert any("NUL" in warning for warning in built.warnings)
