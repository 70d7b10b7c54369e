"""Guards over every tool: what holds for one holds for all, in the list that clients are shown."""

from typing import cast

import pytest
from jsonschema import Draft202012Validator

from speko_core import registry
from speko_core.deps import Deps
from speko_core.operations import AnyOperation, ToolBinding
from speko_core.validation import unknown_fields
from speko_mcp.binding import annotations_of
from speko_mcp.discovery import CALL, SEARCH
from speko_mcp.schema import input_schema, output_schema
from speko_mcp.server import INSTRUCTIONS
from speko_mcp.surface import BUILDER
from tests.conftest import Tenant
from tests.mcp.client import Era, mcp_client
from tests.mcp.snapshots import tokens_of

TOOLS = [operation for operation in registry.OPERATIONS if operation.tool is not None]
NAMES = [SEARCH, CALL] + [cast(ToolBinding, operation.tool).name for operation in TOOLS]
IDS = [operation.id for operation in TOOLS]
TOKENS = 12_000
BUILDER_TOKENS = 3_500
MOST_TOOLS = 25


def binding_of(operation: AnyOperation) -> ToolBinding:
    assert operation.tool is not None
    return operation.tool


def test_every_public_operation_is_a_tool() -> None:
    """MCP-6"""
    public = [operation for operation in registry.OPERATIONS if not (operation.http and operation.http.internal)]
    assert [operation.id for operation in public if operation.tool is None] == []


@pytest.mark.parametrize("operation", TOOLS, ids=IDS)
def test_every_tool_says_when_to_use_it(operation: AnyOperation) -> None:
    """MCP-7"""
    binding = binding_of(operation)
    assert binding.title
    assert 30 <= len(binding.description) < 600
    assert binding.toolset
    assert binding.name == binding.name.lower()
    assert operation.id.partition(".")[1]


@pytest.mark.parametrize("operation", TOOLS, ids=IDS)
def test_every_next_step_names_a_tool_that_exists(operation: AnyOperation) -> None:
    """MCP-8"""
    verbs = {name.partition("_")[0] for name in NAMES if "_" in name}
    words = {word.strip(".,") for step in binding_of(operation).next_steps for word in step.split()}
    # Fields have underscores too, but do not begin with a tool's verb.
    assert {word for word in words if "_" in word and word.partition("_")[0] in verbs} <= set(NAMES)


@pytest.mark.parametrize("operation", TOOLS, ids=IDS)
def test_every_tool_carries_all_four_hints(operation: AnyOperation) -> None:
    """MCP-5"""
    hints = annotations_of(operation, binding_of(operation))
    assert None not in (
        hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint
    )  # fmt: skip
    assert hints.read_only_hint is (operation.effect == "read")
    assert hints.destructive_hint is (operation.effect == "destroy")


@pytest.mark.parametrize("operation", TOOLS, ids=IDS)
def test_every_schema_is_an_object_without_a_union_at_the_top(operation: AnyOperation) -> None:
    """MCP-5"""
    for schema in (input_schema(operation), output_schema(operation, binding_of(operation).items_as)):
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert not {"anyOf", "oneOf", "allOf", "$ref", "$defs"} & set(schema)


@pytest.mark.parametrize("operation", TOOLS, ids=IDS)
def test_every_field_of_the_input_is_offered_and_accepted(operation: AnyOperation) -> None:
    """MCP-6"""
    properties = cast(dict[str, object], input_schema(operation)["properties"])
    assert len(properties) == len(operation.input.model_fields)
    assert unknown_fields(operation.input, properties) == ()


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_the_whole_list_is_small(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-9"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        tools = await client.list_tools()
    assert tokens_of(tools) <= TOKENS
    assert len(tools) <= MOST_TOOLS
    listed = [binding_of(tool).name for tool in TOOLS if binding_of(tool).listed]
    assert [tool.name for tool in tools] == [*listed, "search_tools", "call_tool"]
    assert all(tool.title and tool.description and tool.output_schema and tool.annotations for tool in tools)


async def test_the_builder_profile_is_smaller(deps: Deps, tenant: Tenant) -> None:
    """MCP-9"""
    async with mcp_client(deps, tenant.key, query="?profile=builder") as client:
        tools = await client.list_tools()
        kept = await client.call_tool("list_voices", raise_on_error=False)
    assert {tool.name for tool in tools} == BUILDER | {"search_tools", "call_tool"}
    assert tokens_of(tools) <= BUILDER_TOKENS
    assert not kept.is_error


def test_the_instructions_are_short_and_name_tools_that_exist() -> None:
    """MCP-9"""
    assert len(INSTRUCTIONS.encode()) <= 2048
    mentioned = {word.strip(".,:;()") for word in INSTRUCTIONS.split() if "_" in word}
    assert mentioned - {"next_steps", "next_cursor", "NOT_FOUND"} <= set(NAMES)
