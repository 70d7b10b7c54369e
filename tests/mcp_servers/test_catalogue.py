"""What an agent can have of a server's tools."""

import pytest

from speko_core.mcp_servers.catalogue import offers, slug
from speko_core.ports.tool_servers import RemoteTool

OBJECT = {"type": "object"}


def named(*names: str) -> list[RemoteTool]:
    return [RemoteTool(name, "Does it.", dict(OBJECT)) for name in names]


@pytest.mark.parametrize(
    ("remote", "name"),
    [("getWeather", "get_weather"), ("list-HTTPRoutes", "list_httproutes"), ("admin.tools/list", "admin_tools_list"),
     ("already_snake", "already_snake"), ("Ünïcode name", "n_code_name"), ("v2Lookup", "v2_lookup")],
)  # fmt: skip
def test_names_of_servers_become_names_of_agents(remote: str, name: str) -> None:
    """AGT-9: `snake_case`, as every tool of an agent."""
    assert slug(remote) == name


def test_two_tools_of_a_server_may_not_come_to_one_name() -> None:
    """AGT-9: the first has it, the other says who took it."""
    first, second = offers("crm", None, named("getUser", "get_user"), [], 9)
    assert (first.usable, second.usable, second.taken) == (True, False, True)


def test_a_tool_without_a_possible_name_or_schema_is_left_out_with_its_reason() -> None:
    """AGT-9: names and limits as documented."""
    unnamed = offers("", None, named("42"), [], 9)[0]
    too_long = offers("p" * 32, None, named("n" * 40), [], 9)[0]
    wordy = offers("crm", None, [RemoteTool("a", "x" * 10_001, dict(OBJECT))], [], 9)[0]
    outside = offers("crm", None, [RemoteTool("a", "", {"type": "object", "$ref": "https://evil.example/s"})], [], 9)[0]
    assert [offer.usable for offer in (unnamed, too_long, wordy, outside)] == [False] * 4
    assert "64 characters" in str(unnamed.problem)
    assert "64 characters" in str(too_long.problem)
    assert "10000 characters" in str(wordy.problem)
    assert "its own definitions" in str(outside.problem)


def test_an_agent_without_room_gets_no_more_tools() -> None:
    """AGT-9"""
    assert [offer.usable for offer in offers("crm", None, named("a", "b", "c"), [], 2)] == [True, True, False]
