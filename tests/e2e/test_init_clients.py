"""The real Claude Code, Codex and OpenCode read what `speko init` writes, and it writes what they would."""

import asyncio
import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Tenant, on_sqlite
from tests.e2e.mcp_clients import CALL_S, NODE, PROGRAMS, Ran, Shell, needs, shell
from tests.mcp.serving import running_web_role, settings_on_a_free_port

__all__ = ["running_web_role", "settings_on_a_free_port", "shell"]

SPEKO = Path(sys.executable).parent / "speko"
CLIENTS = ("claude-code", "codex", "opencode")

pytestmark = [
    pytest.mark.e2e,
    on_sqlite,
    pytest.mark.timeout(240),
    *(needs(program) for program in ("claude", "codex", "opencode")),
]


async def init(shell: Shell, *arguments: str, clients: Sequence[str] = CLIENTS, folder: Path | None = None) -> None:
    """Run `speko init` for these clients."""
    chosen = [word for client in clients for word in ("--client", client)]
    ran = await shell.run(SPEKO, "init", "--yes", *arguments, *chosen, folder=folder)
    assert ran.code == 0, ran.output + ran.errors


async def codex_tools(shell: Shell) -> set[str]:
    """The tools that Codex got from the server, asked over its own protocol."""
    process = await asyncio.create_subprocess_exec(
        PROGRAMS / "codex",
        "app-server",
        cwd=shell.home,
        env={"HOME": str(shell.home), "PATH": f"{NODE}:/usr/bin:/bin", **shell.variables},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=2**24,
    )
    writer, reader = process.stdin, process.stdout
    assert writer is not None
    assert reader is not None

    async def ask(number: int, method: str, params: dict[str, object]) -> Any:
        line = json.dumps({"id": number, "method": method, "params": params})
        writer.write(f"{line}\n".encode())
        while True:
            message = json.loads(await reader.readline())
            if message.get("id") == number:
                return message["result"]

    try:
        async with asyncio.timeout(CALL_S):
            await ask(1, "initialize", {"clientInfo": {"name": "test", "version": "1"}})
            answer = await ask(2, "mcpServerStatus/list", {})
    finally:
        process.kill()
        await process.wait()
    return set(answer["data"][0]["tools"]) if answer["data"] else set()


async def listed(shell: Shell) -> tuple[Ran, set[str], Ran]:
    """What each client says about its servers; each of them connects."""
    return await asyncio.gather(
        shell.run("claude", "mcp", "list"), codex_tools(shell), shell.run("opencode", "mcp", "list")
    )


async def test_clients_connect_with_a_key_in_their_own_files(shell: Shell, base_url: str, tenant: Tenant) -> None:
    """MCP-1: and after removal they know nothing, although they wrote into their files meanwhile."""
    shell.variables["SPEKO_API_KEY"] = tenant.key
    await init(shell, "--api-key", "--url", base_url)
    claude, codex, opencode = await listed(shell)
    assert "✔ Connected" in claude.output
    assert {"whoami", "create_agent"} <= codex
    assert "✓ speko" in opencode.output
    await init(shell, "--remove")
    claude, codex, opencode = await listed(shell)
    assert "speko" not in claude.output
    assert codex == set()
    assert "speko" not in opencode.output
    assert "machineID" in json.loads((shell.home / ".claude.json").read_text())


async def test_clients_connect_with_a_variable_in_a_trusted_project(
    shell: Shell, base_url: str, tenant: Tenant, tmp_path: Path
) -> None:
    """MCP-1: each follows its own form of the reference. Trusting the folder is left to the person, as it must be."""
    shell.variables["SPEKO_API_KEY"] = tenant.key
    project = tmp_path / "project"
    (shell.home / ".codex").mkdir()
    (shell.home / ".codex" / "config.toml").write_text(f'[projects."{project}"]\ntrust_level = "trusted"\n')
    (shell.home / ".claude").mkdir()
    (shell.home / ".claude" / "settings.json").write_text('{"enableAllProjectMcpServers": true}')
    project.mkdir()
    await init(shell, "--api-key", "--scope", "project", "--url", base_url, folder=project)
    claude, codex, opencode = await asyncio.gather(
        shell.run("claude", "mcp", "list", folder=project),
        shell.run("codex", "mcp", "list", "--json", folder=project),
        shell.run("opencode", "mcp", "list", folder=project),
    )
    assert "✔ Connected" in claude.output, claude.output
    assert json.loads(codex.output)[0]["transport"]["bearer_token_env_var"] == "SPEKO_API_KEY"
    assert "✓ speko" in opencode.output


async def test_the_clients_own_commands_write_the_same_entries(
    shell: Shell, base_url: str, tenant: Tenant, tmp_path: Path
) -> None:
    """MCP-1: so that nothing is lost by not calling them."""
    shell.variables["SPEKO_API_KEY"] = tenant.key
    other = Shell(tmp_path / "other", shell.variables)
    other.home.mkdir()
    header, url = f"Authorization: Bearer {tenant.key}", f"{base_url}/mcp"
    added = await asyncio.gather(
        init(shell, "--api-key", "--url", base_url, clients=("claude-code", "opencode")),
        init(shell, "--key-env", "SPEKO_API_KEY", "--url", base_url, clients=("codex",)),
        other.run("claude", "mcp", "add", "-s", "user", "--transport", "http", "speko", url, "--header", header),
        other.run("codex", "mcp", "add", "speko", "--url", url, "--bearer-token-env-var", "SPEKO_API_KEY"),
        other.run("opencode", "mcp", "add", "speko", "--url", url, "--header", f"Authorization=Bearer {tenant.key}"),
    )
    assert [ran.code for ran in added if ran is not None] == [0, 0, 0]
    folder = Path(".config/opencode")
    ours, theirs = entries(shell.home, folder / "opencode.json"), entries(other.home, folder / "opencode.jsonc")
    assert (ours["claude"], ours["codex"]) == (theirs["claude"], theirs["codex"])
    assert ours["opencode"] == theirs["opencode"] | {"oauth": False, "enabled": True}


def entries(home: Path, opencode: Path) -> dict[str, Any]:
    """Each client's entry in a home folder."""
    return {
        "claude": json.loads((home / ".claude.json").read_text())["mcpServers"]["speko"],
        "codex": tomllib.loads((home / ".codex" / "config.toml").read_text())["mcp_servers"]["speko"],
        "opencode": json.loads((home / opencode).read_text())["mcp"]["speko"],
    }
