"""The tools behind two tools: found by meaning, called on the same terms, narrowed by the same choices."""

from typing import Any

from speko_core.deps import Deps
from speko_core.principal import ALL_SCOPES
from tests.conftest import Tenant, add_key, on_sqlite
from tests.mcp.client import Era, agree, mcp_client
from tests.mcp.test_calls import AGENT, call, era, error_of

__all__ = ["era"]

pytestmark = on_sqlite

# What somebody wants, and the tool that does it.
WANTED = {
    "delete an agent": "delete_agent",
    "upload a PDF so that the agent knows it": "create_knowledge_document",
    "add a web page to a knowledge base": "add_knowledge_url",
    "why did my webhook not arrive": "list_webhook_deliveries",
    "send the webhook again": "redeliver_webhook",
    "go back to the previous version": "rollback_agent",
    "block a phone number": "add_do_not_call",
    "who changed this agent, audit": "list_audit_log",
    "invite a colleague": "invite_member",
    "create an API key": "create_api_key",
    "let the agent call my HTTP API during a conversation": "create_agent_tool",
    "limit what we spend per month": "set_spend_limit",
    "bring my own Deepgram key": "set_provider_key",
    "which providers exist": "list_known_providers",
    "download all data of the organization": "export_organization",
    "stop a running session": "end_session",
}


def names_in(result: Any) -> list[str]:
    return [tool["name"] for tool in result.structured_content["tools"]]


async def test_a_tool_is_found_by_what_it_is_for(deps: Deps, tenant: Tenant) -> None:
    """MCP-5"""
    async with mcp_client(deps, tenant.key) as client:
        found = {want: names_in(await call(client, "search_tools", query=want)) for want in WANTED}
    assert {want: names for want, names in found.items() if WANTED[want] not in names} == {}


async def test_a_found_tool_is_called_with_what_its_schema_says(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-6"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        found = (await call(client, "search_tools", query="create knowledge base")).structured_content
        tool = next(one for one in found["tools"] if one["name"] == "create_knowledge_base")
        made = await call(
            client, "call_tool", name=tool["name"], arguments={"name": "handbook", "agentId": tenant.agent_id}
        )
        same = await call(client, "call_tool", name="knowledge_bases.list", arguments={"agentId": tenant.agent_id})
    assert tool["inputSchema"]["required"] == ["agentId", "name"]
    assert made.structured_content["name"] == "handbook"
    assert [base["name"] for base in same.structured_content["knowledgeBases"]] == ["handbook"]


async def test_what_is_called_so_is_confirmed_like_a_listed_tool(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-5"""
    async with mcp_client(deps, tenant.key, era=era, person=None) as client:
        agent = (await call(client, "create_agent", name="spare", **AGENT)).structured_content["id"]
        asked = error_of(await call(client, "call_tool", name="delete_agent", arguments={"id": agent}))
        arguments = {"id": agent, "confirmationToken": asked["confirmationToken"]}
        deleted = await call(client, "call_tool", name="agents.delete", arguments=arguments)
    assert asked["code"] == "CONFIRMATION_REQUIRED"
    assert deleted.structured_content["deleted"] is True


async def test_the_person_is_asked_inside_the_call(deps: Deps, tenant: Tenant) -> None:
    """MCP-5"""
    async with mcp_client(deps, tenant.key, person=agree) as client:
        agent = (await call(client, "create_agent", name="spare", **AGENT)).structured_content["id"]
        deleted = await call(client, "call_tool", name="delete_agent", arguments={"id": agent})
    assert deleted.structured_content["deleted"] is True


async def test_scopes_and_read_only_hold_for_what_is_found(deps: Deps, tenant: Tenant, era: Era) -> None:
    """ORG-3"""
    key = await add_key(deps, tenant.organization_id, scopes=ALL_SCOPES - {"agents:write"})
    async with mcp_client(deps, key, era=era) as client:
        unseen = names_in(await call(client, "search_tools", query="delete an agent", limit=10))
        refused = error_of(await call(client, "call_tool", name="delete_agent", arguments={"id": tenant.agent_id}))
    async with mcp_client(deps, tenant.key, era=era, query="?readonly=1") as client:
        listed = {tool.name: tool for tool in await client.list_tools()}
        found = names_in(await call(client, "search_tools", query="webhook", limit=10))
        kept = error_of(await call(client, "call_tool", name="create_webhook", arguments={}))
    assert "delete_agent" not in unseen
    assert refused["code"] == "FORBIDDEN"
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in listed.values())
    assert "list_webhooks" in found
    assert "create_webhook" not in found
    assert kept["code"] == "NOT_OFFERED"


async def test_mistakes_are_answered_with_the_way_on(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-11"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        nothing = await call(client, "search_tools", query="zzzzqqqq")
        empty = error_of(await call(client, "search_tools"))
        unknown = error_of(await call(client, "call_tool", name="delet_agent"))
        wrong = error_of(await call(client, "call_tool", name="get_agent", arguments={"identifier": "x"}))
        itself = error_of(await call(client, "call_tool", name="call_tool", arguments={}))
    assert nothing.structured_content["tools"] == []
    assert "other words" in nothing.structured_content["next_steps"][0]
    assert empty["fields"] == [{"field": "query", "problem": "is required"}]
    assert unknown["next_tool"] == "delete_agent"
    assert (wrong["code"], wrong["next_tool"]) == ("VALIDATION_ERROR", "get_agent")
    assert itself["code"] == "UNKNOWN_TOOL"
