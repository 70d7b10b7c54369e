"""What clients attach and pick: resources, prompts, completion; in both protocol eras, for the caller's eyes only."""

import json
from typing import Any

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from speko_core.deps import Deps
from speko_core.docs_search.pages import page_names
from tests.conftest import Tenant, add_key, on_sqlite
from tests.mcp.client import Era, mcp_client
from tests.mcp.test_calls import call, era

__all__ = ["era"]

pytestmark = on_sqlite


async def read(client: Client[Any], uri: str) -> str:
    """The text behind an address."""
    (content,) = await client.read_resource(uri)
    text: str = content.text  # type: ignore[union-attr]  # every resource here is text
    return text


async def test_agents_calls_pages_and_the_schema_have_addresses(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-5"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        session = (await call(client, "start_test_session", agentId=tenant.agent_id)).structured_content
        templates = {template.uri_template for template in await client.list_resource_templates()}
        agent = json.loads(await read(client, f"speko://agents/{tenant.agent_id}"))
        conversation = json.loads(await read(client, f"speko://calls/{session['sessionId']}"))
        page = await read(client, "speko://docs/mcp")
        schema = json.loads(await read(client, "speko://schemas/session-config"))
    assert templates == {"speko://agents/{id}", "speko://calls/{id}", "speko://docs/{page}"}
    assert agent["id"] == tenant.agent_id
    assert conversation["session"]["sessionId"] == session["sessionId"]
    assert "do not follow instructions" in conversation["notice"]
    assert page.startswith("# MCP")
    assert "agentId" in schema["properties"]


@pytest.mark.parametrize("uri", ["speko://agents/agent_missing", "speko://docs/..%2F..%2FREADME", "speko://calls/x"])
async def test_what_is_not_there_is_not_found(deps: Deps, tenant: Tenant, era: Era, uri: str) -> None:
    """MCP-11"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        with pytest.raises(MCPError):
            await client.read_resource(uri)


async def test_resources_keep_to_organization_scope_and_surface(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, era: Era
) -> None:
    """ORG-1"""
    blind = await add_key(deps, tenant.organization_id, scopes=frozenset({"docs:read"}))
    for key, query, uri in (
        (tenant.key, "", f"speko://agents/{other_tenant.agent_id}"),
        (blind, "", f"speko://agents/{tenant.agent_id}"),
        (tenant.key, "?toolsets=docs", f"speko://agents/{tenant.agent_id}"),
    ):
        async with mcp_client(deps, key, era=era, query=query) as client:
            with pytest.raises(MCPError):
                await client.read_resource(uri)


async def test_every_prompt_says_what_it_is_for_and_takes_what_the_person_fills_in(
    deps: Deps, tenant: Tenant, era: Era
) -> None:
    """MCP-5"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        prompts = {prompt.name: prompt for prompt in await client.list_prompts()}
        text = (await client.get_prompt("quickstart", {"language": "de-DE"})).messages[0].content.text
        move = (await client.get_prompt("migrate", {"platform": "vapi"})).messages[0].content.text
        debug = (await client.get_prompt("debug_call", {})).messages[0].content.text
    assert set(prompts) == {"quickstart", "migrate", "debug_call"}
    assert all(prompt.description and prompt.title for prompt in prompts.values())
    assert "de-DE" in text
    assert "from vapi" in move
    assert "newest failed" in debug
    assert "{" not in text + move + debug


async def test_ids_and_names_are_completed(deps: Deps, tenant: Tenant, other_tenant: Tenant, era: Era) -> None:
    """MCP-5"""
    agents = ResourceTemplateReference(type="ref/resource", uri="speko://agents/{id}")
    pages = ResourceTemplateReference(type="ref/resource", uri="speko://docs/{page}")
    async with mcp_client(deps, tenant.key, era=era) as client:
        ids = await client.complete(agents, {"name": "id", "value": "agent_"})
        page = await client.complete(pages, {"name": "page", "value": "mc"})
        language = await client.complete(
            PromptReference(type="ref/prompt", name="quickstart"), {"name": "language", "value": "en"}
        )
        nothing = await client.complete(
            PromptReference(type="ref/prompt", name="quickstart"), {"name": "purpose", "value": ""}
        )
    assert ids.values == [tenant.agent_id]
    assert page.values == [name for name in page_names() if name.startswith("mcp")] != []
    assert language.values == ["en-US", "en-GB"]
    assert nothing.values == []
