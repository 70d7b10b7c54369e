"""Tools that combine several things: a test session, code, a web app, the doctor; in both protocol eras."""

import json

from speko_core.deps import Deps
from speko_core.principal import ALL_SCOPES
from tests.conftest import Tenant, add_key, on_sqlite
from tests.mcp.client import Era, mcp_client
from tests.mcp.test_calls import AGENT, call, era, error_of

__all__ = ["era"]

pytestmark = on_sqlite

NASTY = "Bob \"</script><b>'; process.exit(1) //"


async def test_a_test_session_answers_where_to_speak(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-2"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        default = (await call(client, "start_test_session")).structured_content
        named = (await call(client, "start_test_session", agentId=tenant.agent_id, ttlSeconds=60)).structured_content
        missing = error_of(await call(client, "start_test_session", agentId="agent_missing"))
    assert default["agentId"] == named["agentId"] == tenant.agent_id
    assert default["talkUrl"].startswith(f"{deps.settings.base_url}/talk/{default['sessionId']}#token=")
    assert (missing["code"], missing["next_tool"]) == ("NOT_FOUND", "list_agents")


async def test_code_is_for_this_server_and_this_agent(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-2"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        curl = (await call(client, "get_code_snippet", codeLanguage="curl")).structured_content
        react = (await call(client, "get_code_snippet", codeLanguage="react")).structured_content
        wrong = error_of(await call(client, "get_code_snippet", codeLanguage="react", task="complete"))
        foreign = error_of(await call(client, "get_code_snippet", codeLanguage="node", agentId="agent_missing"))
    assert deps.settings.base_url in curl["code"]
    assert tenant.agent_id in curl["code"]
    assert "export function TalkButton" in react["code"]
    assert wrong["fields"][0]["field"] == "task"
    assert foreign["next_tool"] == "list_agents"


async def test_a_name_cannot_break_out_of_the_files(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-11"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        agent = (await call(client, "create_agent", **{**AGENT, "name": NASTY})).structured_content
        app = (await call(client, "scaffold_app", agentId=agent["id"])).structured_content
        outside = error_of(await call(client, "scaffold_app", appName="../../etc"))
    files = {file["path"]: file["content"] for file in app["files"]}
    assert json.loads(files["package.json"])["name"] == "voice-app"
    assert "</script><b>" not in files["src/index.html"]
    assert NASTY not in files["server.mjs"]
    assert {"README.md", ".gitignore", "env.example", "build.mjs", "src/app.js"} <= set(files)
    assert not any("{{" in content for content in files.values())
    assert tenant.key not in json.dumps(app)
    assert outside["fields"][0]["field"] == "appName"


async def test_the_doctor_tells_the_operator_everything_and_others_their_own(
    deps: Deps, tenant: Tenant, other_tenant: Tenant, era: Era
) -> None:
    """OPS-6"""
    reader = await add_key(deps, tenant.organization_id, scopes=ALL_SCOPES - {"account:write"})
    seen = {}
    for name, key in (("operator", tenant.key), ("member", reader), ("other", other_tenant.key)):
        async with mcp_client(deps, key, era=era) as client:
            seen[name] = (await call(client, "run_doctor")).structured_content
    checks = {name: {check["check"] for check in report["checks"]} for name, report in seen.items()}
    assert {"database", "agents", "credit"} <= checks["other"] == checks["member"]
    assert {"master key", "disk", "python"} <= checks["operator"] - checks["other"]
    assert str(deps.settings.data_dir) not in json.dumps([seen["other"], seen["member"]])
    assert [report["scope"] for report in seen.values()] == ["installation", "organization", "organization"]
