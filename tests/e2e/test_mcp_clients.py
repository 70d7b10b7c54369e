"""Real MCP clients against a running web role: Claude Code and the MCP Inspector, in an empty home folder.

They are installed by tests/e2e/clients/install.sh; without them these tests skip.
"""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.conftest import Tenant, on_sqlite
from tests.e2e.mcp_clients import Shell, needs, shell
from tests.mcp.serving import running_web_role, settings_on_a_free_port

__all__ = ["running_web_role", "settings_on_a_free_port", "shell"]

pytestmark = [pytest.mark.e2e, on_sqlite, pytest.mark.timeout(240), needs("claude"), needs("mcp-inspector")]


async def inspect(shell: Shell, base_url: str, key: str, arguments: Sequence[str]) -> Any:
    """Run the Inspector's command line; its answer as JSON."""
    server = ["--cli", f"{base_url}/mcp", "--transport", "http", "--header", f"Authorization: Bearer {key}"]
    ran = await shell.run("mcp-inspector", *server, *arguments)
    assert ran.code == 0, ran.errors
    return json.loads(ran.output)


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_the_inspector_lists_portable_tools(shell: Shell, base_url: str, tenant: Tenant, era: str) -> None:
    """MCP-10: `--strict` ends with an error when a schema would be refused by some client."""
    listed = await inspect(shell, base_url, tenant.key, ["--protocol-era", era, "--method", "tools/list", "--strict"])
    assert {"whoami", "create_agent", "search_docs"} <= {tool["name"] for tool in listed["tools"]}


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_the_inspector_calls_tools(shell: Shell, base_url: str, tenant: Tenant, era: str) -> None:
    """MCP-10"""
    agent = json.dumps({"name": "Front desk", "systemPrompt": "Greet.", "intent": {"language": "en-US"}})
    call = ["--protocol-era", era, "--method", "tools/call", "--tool-name"]
    made = await inspect(shell, base_url, tenant.key, [*call, "create_agent", "--tool-args-json", agent])
    listed = await inspect(shell, base_url, tenant.key, [*call, "list_agents"])
    ids = [row["id"] for row in listed["structuredContent"]["agents"]]
    assert ids == [tenant.agent_id, made["structuredContent"]["id"]]


async def test_claude_code_connects_with_a_key(shell: Shell, base_url: str, tenant: Tenant) -> None:
    """MCP-1"""
    header = ["--header", f"Authorization: Bearer {tenant.key}"]
    added = await shell.run("claude", "mcp", "add", "--transport", "http", "speko", f"{base_url}/mcp", *header)
    assert added.code == 0, added.errors
    listed = await shell.run("claude", "mcp", "list")
    line = next(line for line in listed.output.splitlines() if line.startswith("speko:"))
    assert "Connected" in line, listed.output


async def test_claude_code_without_a_key_is_asked_to_sign_in(shell: Shell, base_url: str, tenant: Tenant) -> None:
    """MCP-1"""
    added = await shell.run("claude", "mcp", "add", "--transport", "http", "speko", f"{base_url}/mcp")
    assert added.code == 0, added.errors
    listed = await shell.run("claude", "mcp", "list")
    assert "Needs authentication" in listed.output


async def test_claude_code_says_when_a_key_is_wrong(shell: Shell, base_url: str, tenant: Tenant) -> None:
    """MCP-1"""
    header = ["--header", "Authorization: Bearer sk_live_wrong"]
    await shell.run("claude", "mcp", "add", "--transport", "http", "speko", f"{base_url}/mcp", *header)
    listed = await shell.run("claude", "mcp", "list")
    assert "Connected" not in listed.output
    assert "401" in listed.output
