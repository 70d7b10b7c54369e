"""The short road answers with the framework's bytes, and takes nothing that it must not."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from speko_core import registry
from speko_core.deps import Deps
from speko_core.limits import RateLimiter
from speko_core.principal import ALL_SCOPES
from tests.conftest import Tenant, add_key, on_sqlite, with_deps
from tests.mcp.processes import ROLES
from tests.mcp.roads import LEGACY, META, MODERN, Answer, Roads, era, message, roads

pytestmark = on_sqlite

VERSIONS = [MODERN, LEGACY]
# Deploying again changes nothing, and a session has a token of its own.
NEVER_THE_SAME = {"deploy_agent", "start_test_session"}
# What destroys asks first, with a token of its own each time, on the framework's road.
BOUND = [(operation, operation.tool.name) for operation in registry.OPERATIONS if operation.tool]
TOOLS = [name for operation, name in BOUND if operation.effect != "destroy" and name not in NEVER_THE_SAME]
# What differs from call to call: ids, moments, durations, references of bugs.
CHANGING = re.compile(
    rb"[a-z]+_[0-9A-HJKMNP-TV-Z]{26}|\d{4}-\d\d-\d\dT[0-9:.+Z]+|\d+(\.\d+)? ?ms|[0-9a-f]{8}-[0-9a-f-]{27}"
)


@pytest.fixture(name="server")
async def running(deps: Deps) -> AsyncIterator[Roads]:
    """One server for both roads."""
    async with roads(deps) as server:
        yield server


def same(short: Answer, long: Answer) -> bool:
    """Whether both roads said the same, letter by letter."""
    bodies = CHANGING.sub(b"*", short.body), CHANGING.sub(b"*", long.body)
    names = [[name for name, _ in answer.headers] for answer in (short, long)]
    return short.status == long.status and names[0] == names[1] and bodies[0] == bodies[1]


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_tool_answers_the_same_on_both_roads(server: Roads, tenant: Tenant, version: str) -> None:
    """MCP-10"""
    differing = []
    for name in TOOLS:
        for arguments in ({}, {"id": tenant.agent_id}):
            body = message("tools/call", {"name": name, "arguments": arguments}, version)
            short, long = await server.both(tenant.test_key, body, **era(version, "tools/call", name))
            if not same(short, long):
                differing.append((name, short.body, long.body))
    assert differing == []
    assert server.counting.calls == 2 * len(TOOLS)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("query", ["", "toolsets=agents,docs&readonly=1", "profile=builder", "toolsets=all"])
async def test_lists_are_the_frameworks_for_every_caller(
    server: Roads, deps: Deps, tenant: Tenant, version: str, query: str
) -> None:
    """MCP-5"""
    few = await add_key(deps, tenant.organization_id, scopes=ALL_SCOPES - {"agents:write"})
    for key in (tenant.key, few, tenant.key):
        for identifier in (7, "two"):
            body = message("tools/list", None, version, identifier)
            short, long = await server.both(key, body, query, **era(version, "tools/list"))
            assert short == long
            assert short.message["id"] == identifier


async def test_another_choice_by_header_is_another_list(server: Roads, tenant: Tenant) -> None:
    """MCP-5"""
    body = message("tools/list", None, LEGACY)
    answers = [await server.both(tenant.key, body, x_mcp_toolsets=chosen) for chosen in ("docs", "agents", "docs")]
    assert [short == long for short, long in answers] == [True, True, True]
    assert answers[0] == answers[2] != answers[1]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_has_to_be_asked_or_refused_takes_the_frameworks_road(
    server: Roads, deps: Deps, tenant: Tenant, version: str
) -> None:
    """MCP-5: a deletion, a scope that is missing, a tool that the connection leaves out."""
    few = await add_key(deps, tenant.organization_id, scopes=ALL_SCOPES - {"account:read"})
    asked = [
        (tenant.key, "delete_agent", {"id": tenant.agent_id}, "", "CONFIRMATION_REQUIRED"),
        (few, "whoami", {}, "", "FORBIDDEN"),
        (tenant.key, "whoami", {}, "toolsets=docs", "NOT_OFFERED"),
        (tenant.key, "who_am_i", {}, "", "UNKNOWN_TOOL"),
    ]
    for key, name, arguments, query, code in asked:
        body = message("tools/call", {"name": name, "arguments": arguments}, version)
        answer = await server.ask(key, body, query, **era(version, "tools/call", name))
        assert answer.message["result"]["structuredContent"]["error"]["code"] == code
    # The tool that the connection leaves out is refused before the count.
    assert server.counting.calls == len(asked) - 1


async def test_the_guards_stand_before_both_roads(server: Roads, tenant: Tenant) -> None:
    """MCP-1"""
    body = message("tools/call", {"name": "whoami"}, LEGACY)
    strange = [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"authorization": "Bearer sk_live_no"}]
    statuses = [(await server.ask(tenant.key, body, **headers)).status for headers in strange]
    assert statuses == [403, 421, 401]


async def test_plain_calls_never_reach_the_framework(server: Roads, tenant: Tenant) -> None:
    """MCP-10"""
    for version in VERSIONS:
        body = message("tools/call", {"name": "whoami", "arguments": {}}, version)
        answer = await server.ask(tenant.key, body, **era(version, "tools/call", "whoami"))
        assert answer.message["result"]["structuredContent"]["organizationId"] == tenant.organization_id
    assert server.counting.calls == 0


@pytest.mark.skipif(ROLES > 1, reason="each process counts for itself")
async def test_a_credential_over_its_rate_is_told_when_to_come_back(deps: Deps, tenant: Tenant) -> None:
    """ORG-11: counted over both roads together."""
    slow = with_deps(deps, limits=RateLimiter(deps.clock, per_key=2, per_organization=0))
    body = message("tools/call", {"name": "whoami", "arguments": {}}, LEGACY)
    async with roads(slow) as server:
        await server.both(tenant.key, body)
        refused = [answer.message["result"]["structuredContent"] for answer in await server.both(tenant.key, body)]
    for told in refused:
        assert (told["error"]["code"], told["error"]["retryable"]) == ("RATE_LIMITED", True)
        assert told["error"]["retry_after_s"] > 0


ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just({}), st.just([]))
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2]),
        "id": ODD,
        "method": st.sampled_from(["tools/call", "tools/list", "ping", "tools/none", 4]),
        "params": st.one_of(
            ODD,
            st.fixed_dictionaries(
                {"name": st.sampled_from(["whoami", "agents.list", "nothing", 7])},
                optional={
                    "arguments": st.one_of(ODD, st.dictionaries(st.sampled_from(["id", "limit", "body"]), ODD)),
                    "_meta": st.one_of(ODD, st.dictionaries(st.sampled_from(["progressToken", "x"]), ODD)),
                    "cursor": ODD,
                },
            ),
        ),
        "extra": ODD,
    },
)


@given(
    envelope=ENVELOPES,
    version=st.sampled_from([MODERN, LEGACY, "2025-03-26", "1999-01-01"]),
    enveloped=st.booleans(),
    accept=st.sampled_from(["application/json", "text/event-stream", "*/*", "application/json;q=1, text/event-stream"]),
)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate], derandomize=True,
)  # fmt: skip
async def test_whatever_is_asked_both_roads_agree(
    server: Roads, tenant: Tenant, envelope: dict[str, object], version: str, enveloped: bool, accept: str
) -> None:
    """MCP-10"""
    params = envelope.get("params")
    if enveloped and isinstance(params, dict):
        envelope = {**envelope, "params": {**params, "_meta": META}}
    body = json.dumps(envelope).encode()
    named = era(version, str(envelope.get("method")), "whoami")
    assert same(*await server.both(tenant.key, body, accept=accept, **named))
