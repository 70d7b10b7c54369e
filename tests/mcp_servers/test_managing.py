"""Adding, changing, refreshing and removing MCP servers of an agent."""

import pytest

from tests.conftest import add_tenant, rest_client
from tests.mcp.client import mcp_client
from tests.mcp_servers.kit import TOKEN, Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
ALL = {
    "clinic_123",
    "clinic_slow",
    "clinic_prices",
    "clinic_free_slots",
    "clinic_book",
    "clinic_closed",
    "clinic_flood",
}


async def test_a_servers_tools_become_the_agents_and_make_a_version(desk: Desk) -> None:
    """AGT-9, AGT-7: under names of the agent's kind; what cannot be had is left out and says why."""
    row = await desk.add("Clinic")
    tools = await desk.tools()
    assert set(tools) == ALL
    assert tools["clinic_free_slots"]["source"] == {
        "kind": "integration", "installationId": row["id"], "appKey": "mcp", "actionKey": "freeSlots",
    }  # fmt: skip
    assert tools["clinic_free_slots"]["description"] == "Free times of a day."
    assert tools["clinic_free_slots"]["parameters"]["required"] == ["day"]
    without = [tool for tool in row["tools"] if tool["toolId"] is None]
    assert [tool["remoteName"] for tool in without] == []
    newest = (await desk.rest.get(f"/v1/agents/{desk.tenant.agent_id}/versions/newest")).json()
    assert newest["note"] == "MCP server Clinic added"
    assert {change["path"] for change in newest["changes"]} == {f"/tools/{name}" for name in tools}


async def test_only_the_chosen_tools_are_had_under_the_chosen_prefix(desk: Desk) -> None:
    """AGT-9: choice of tools, prefix of names."""
    row = await desk.add("Clinic", tools=["book"], prefix="dentist")
    assert set(await desk.tools()) == {"dentist_book"}
    more = await desk.rest.patch(f"{desk.servers}/{row['id']}", json={"tools": ["book", "freeSlots"]})
    assert more.status_code == 200, more.text
    assert set(await desk.tools()) == {"dentist_book", "dentist_free_slots"}
    await desk.rest.patch(f"{desk.servers}/{row['id']}", json={"tools": []})
    assert await desk.tools() == {}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tools": ["book", "haircut"]}, "tools"),
        ({"tools": ["123"], "prefix": ""}, "tools"),
        ({"url": "ftp://clinic.example/mcp"}, "url"),
        ({"url": "http://169.254.169.254/mcp"}, "url"),
        ({"headers": {"Mcp-Session-Id": "1"}}, "headers"),
        ({"headers": {"Authorization": "x"}, "bearerToken": TOKEN}, "authHeaders"),
        ({"authHeaders": [{"name": "X-Key"}]}, "authHeaders"),
        ({"prefix": "Clinic!"}, "prefix"),
        ({"timeoutMs": 60_000}, "timeoutMs"),
    ],
)
async def test_what_cannot_work_is_refused_with_its_field(desk: Desk, wrong: dict[str, object], field: str) -> None:
    """AGT-9"""
    body = {"name": "Clinic", "url": f"{desk.clinic.url}/mcp", **wrong}
    answer = await desk.rest.post(desk.servers, json=body)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["error"]
    assert (await desk.rest.get(desk.servers)).json() == []


async def test_names_of_servers_and_tools_are_had_once(desk: Desk) -> None:
    """AGT-9: collisions are refused, and nothing of the second server stays."""
    await desk.add("Clinic")
    again = await desk.rest.post(desk.servers, json={"name": "Clinic", "url": f"{desk.clinic.url}/mcp"})
    assert (again.status_code, again.json()["code"]) == (409, "MCP_SERVER_NAME_CONFLICT")
    body = {"name": "Other", "url": f"{desk.clinic.url}/mcp", "prefix": "clinic"}
    clash = await desk.rest.post(desk.servers, json=body)
    assert (clash.status_code, clash.json()["code"]) == (409, "TOOL_NAME_CONFLICT")
    assert len((await desk.rest.get(desk.servers)).json()) == 1
    assert set(await desk.tools()) == ALL


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/locked/mcp", "refused the credentials, with HTTP status 401"),
        (":1/mcp", "could not be reached"),
    ],
)
async def test_a_server_that_cannot_be_asked_is_not_added(desk: Desk, path: str, said: str) -> None:
    """AGT-9: in our words, whatever the server said."""
    url = f"http://127.0.0.1{path}" if path.startswith(":") else desk.clinic.url + path
    answer = await desk.rest.post(desk.servers, json={"name": "Clinic", "url": url})
    assert (answer.status_code, answer.json()["code"]) == (409, "MCP_SERVER_FAILED")
    assert said in answer.json()["error"]
    assert "who are you" not in answer.text
    assert (await desk.rest.get(desk.servers)).json() == []


async def test_a_refresh_follows_the_server_and_says_what_changed(desk: Desk) -> None:
    """AGT-9: nothing is taken over unasked; a dry run only says so; each refresh is one version."""
    row = await desk.add("Clinic")
    refresh, server = f"{desk.servers}/{row['id']}/refresh", desk.clinic.server
    try:
        server.local_provider.remove_tool("book")

        @server.tool
        def cancel(time: str) -> str:
            """Cancel a booking."""
            return "Cancelled."

        server.local_provider.remove_tool("freeSlots")

        @server.tool
        def freeSlots(day: str, doctor: str = "any") -> str:
            """Free times of a doctor."""
            return "none"

        wanted = [
            {"remoteName": "book", "change": "removed", "fields": []},
            {"remoteName": "cancel", "change": "added", "fields": []},
            {"remoteName": "freeSlots", "change": "changed", "fields": ["description", "parameters"]},
        ]
        dry = (await desk.rest.post(refresh, json={"dryRun": True})).json()
        assert (dry["changes"], set(await desk.tools())) == (wanted, ALL)
        done = await desk.rest.post(refresh, json={})
        assert (done.status_code, done.json()["changes"]) == (200, wanted)
        tools = await desk.tools()
        assert set(tools) == ALL - {"clinic_book"} | {"clinic_cancel"}
        assert set(tools["clinic_free_slots"]["parameters"]["properties"]) == {"day", "doctor"}
        assert tools["clinic_free_slots"]["description"] == "Free times of a doctor."
        assert (await desk.rest.post(refresh, json={})).json()["changes"] == []
    finally:
        desk.clinic.restore()


async def test_a_description_written_for_the_agent_outlives_a_refresh(desk: Desk) -> None:
    """AGT-9: how the agent uses a tool is the agent's; what the tool is stays the server's."""
    row = await desk.add("Clinic")
    tool = f"/v1/agents/{desk.tenant.agent_id}/tools/{(await desk.tools())['clinic_book']['id']}"
    mended = await desk.rest.patch(tool, json={"description": "Book only when asked.", "preToolSpeech": "always"})
    assert mended.status_code == 200, mended.text
    await desk.rest.post(f"{desk.servers}/{row['id']}/refresh", json={})
    kept = (await desk.rest.get(tool)).json()
    assert (kept["description"], kept["preToolSpeech"]) == ("Book only when asked.", "always")
    assert (await desk.rest.patch(tool, json={"source": kept["source"]})).status_code == 200
    assert (await desk.rest.patch(tool, json={"parameters": {"type": "object"}})).status_code == 400
    assert (await desk.rest.patch(tool, json={"source": {"kind": "inline"}})).status_code == 400
    removed = await desk.rest.delete(tool)
    assert (removed.status_code, removed.json()["code"]) == (409, "TOOL_OF_SERVER")
    own = {"name": "mine", "description": "Mine.", "parameters": {"type": "object"}, "source": kept["source"]}
    made = await desk.rest.post(f"/v1/agents/{desk.tenant.agent_id}/tools", json=own)
    assert (made.status_code, "mcp-servers" in made.json()["error"]) == (400, True)


async def test_secrets_do_not_follow_a_url_to_another_host(desk: Desk) -> None:
    """AGT-9: whoever may change the URL may not have the secret sent to themselves."""
    row = await desk.add("Clinic", "/locked/mcp", bearerToken=TOKEN)
    elsewhere = {"url": "http://127.0.0.1:1/mcp"}
    refused = await desk.rest.patch(f"{desk.servers}/{row['id']}", json=elsewhere)
    assert (refused.status_code, "needs its value again" in refused.json()["error"]) == (400, True)
    same_host = await desk.rest.patch(f"{desk.servers}/{row['id']}", json={"url": f"{desk.clinic.url}/locked/mcp?v=2"})
    assert same_host.status_code == 200, same_host.text
    dropped = await desk.rest.patch(f"{desk.servers}/{row['id']}", json={"authHeaders": []})
    assert dropped.json()["code"] == "MCP_SERVER_FAILED"


async def test_deploying_is_refused_while_a_version_names_tools_its_server_does_not_have(desk: Desk) -> None:
    """AGT-7, AGT-9: a version is checked as it would be called."""
    row = await desk.add("Clinic", tools=["book"])
    agent = f"/v1/agents/{desk.tenant.agent_id}"
    with_server = (await desk.rest.get(f"{agent}/versions/newest")).json()["number"]
    assert (await desk.rest.post(f"{agent}/deploy", json={"version": with_server})).status_code == 200
    await desk.rest.delete(f"{desk.servers}/{row['id']}")
    refused = await desk.rest.post(f"{agent}/deploy", json={"version": with_server, "environment": "staging"})
    assert (refused.status_code, refused.json()["code"]) == (409, "VERSION_NOT_DEPLOYABLE")
    assert "tools.clinic_book.source.installationId names no MCP server" in refused.json()["error"]


async def test_another_organization_sees_and_calls_nothing_of_it(desk: Desk) -> None:
    """ORG-1: not even with the server's id under its own agent."""
    row = await desk.add("Clinic")
    globex = await add_tenant(desk.deps, "Globex")
    async with rest_client(desk.deps, globex.key) as theirs:
        base = f"/v1/agents/{globex.agent_id}"
        for answer in (
            await theirs.get(f"{base}/mcp-servers/{row['id']}"),
            await theirs.delete(f"{base}/mcp-servers/{row['id']}"),
            await theirs.post(f"{base}/mcp-servers/{row['id']}/refresh", json={}),
            await theirs.patch(f"{base}/mcp-servers/{row['id']}", json={"tools": []}),
        ):
            assert answer.status_code == 404
    assert set(await desk.tools()) == ALL


async def test_a_server_is_added_and_removed_through_the_mcp_door(desk: Desk) -> None:
    """AGT-9, MCP-6: the same services, by tools that are called by name."""
    ours = {"name": "Clinic", "url": f"{desk.clinic.url}/mcp", "tools": ["book"]}
    async with mcp_client(desk.deps, desk.tenant.key) as client:
        made = await client.call_tool("create_mcp_server", {"id": desk.tenant.agent_id, **ours})
        row = made.structured_content
        assert [tool["name"] for tool in row["tools"] if tool["toolId"]] == ["clinic_book"]
        removed = await client.call_tool("delete_mcp_server", {"id": desk.tenant.agent_id, "serverId": row["id"]})
        assert removed.structured_content["deleted"] is True
    assert await desk.tools() == {}
