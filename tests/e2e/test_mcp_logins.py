"""Real MCP clients sign in by OAuth through a scripted browser, from discovery to a listed tool."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from speko_core.accounts import sign_in
from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite, rest_client
from tests.e2e.mcp_clients import NODE, PROGRAMS, Shell, needs, shell
from tests.mcp.serving import running_web_role, settings_on_a_free_port

__all__ = ["running_web_role", "settings_on_a_free_port", "shell"]

pytestmark = [pytest.mark.e2e, on_sqlite, pytest.mark.timeout(240)]
BROWSER = Path(__file__).with_name("clients") / "browser.py"
BROWSER_NAMES = ("xdg-open", "open", "sensible-browser", "www-browser")


@pytest.fixture
async def person(shell: Shell, base_url: str, deps: Deps, tenant: Tenant) -> Shell:
    """Somebody whose browser allows whatever a client opens it for."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        token, _ = await sign_in.create_link(db, deps.secrets, tenant.user_id, deps.clock.now())
    link = f"{base_url}/sign-in?token={token}"
    folder = shell.home / "bin"
    folder.mkdir()
    command = shlex.join([sys.executable, str(BROWSER), link, tenant.organization_id])
    for name in BROWSER_NAMES:
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {command} "$1" >>"{shell.home}/browser.log" 2>&1\n')
        program.chmod(0o700)
    path = f"{folder}:{PROGRAMS}:{NODE}:/usr/bin:/bin"
    return Shell(shell.home, {"PATH": path, "BROWSER": str(folder / "xdg-open"), "DISPLAY": ":0"})


async def connected_apps(deps: Deps, tenant: Tenant) -> list[str]:
    async with rest_client(deps, tenant.key) as rest:
        return [app["clientName"] for app in (await rest.get("/v1/connected-apps")).json()["apps"]]


def told(person: Shell) -> str:
    """What the browser complained about."""
    log = person.home / "browser.log"
    return log.read_text() if log.exists() else "the browser was not opened"


@needs("claude")
async def test_claude_code_signs_in(person: Shell, base_url: str, deps: Deps, tenant: Tenant) -> None:
    """MCP-1: it wants a terminal for that, and then stays connected."""
    await person.run("claude", "mcp", "add", "--transport", "http", "speko", f"{base_url}/mcp")
    login = await person.run(Path("/usr/bin/script"), "-qec", "claude mcp login speko", "/dev/null")
    assert login.code == 0, login.output + told(person)
    listed = await person.run("claude", "mcp", "list")
    line = next(line for line in listed.output.splitlines() if line.startswith("speko:"))
    assert "Connected" in line, listed.output
    (name,) = await connected_apps(deps, tenant)
    assert "Claude Code" in name


@needs("codex")
async def test_codex_signs_in_while_it_is_set_up(person: Shell, base_url: str, deps: Deps, tenant: Tenant) -> None:
    """MCP-1"""
    added = await person.run("codex", "mcp", "add", "speko", "--url", f"{base_url}/mcp")
    assert added.code == 0, added.output + added.errors + told(person)
    (server,) = json.loads((await person.run("codex", "mcp", "list", "--json")).output)
    assert server["auth_status"] == "o_auth", server
    assert len(await connected_apps(deps, tenant)) == 1


@needs("opencode")
async def test_opencode_signs_in(person: Shell, base_url: str, deps: Deps, tenant: Tenant) -> None:
    """MCP-1"""
    settings = person.home / ".config" / "opencode" / "opencode.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"mcp": {"speko": {"type": "remote", "url": f"{base_url}/mcp", "enabled": True}}}))
    login = await person.run(Path("/usr/bin/script"), "-qec", "opencode mcp auth speko", "/dev/null")
    assert login.code == 0, login.output + told(person)
    listed = await person.run("opencode", "mcp", "list")
    assert "connected" in listed.output + listed.errors, listed.output + listed.errors
    assert len(await connected_apps(deps, tenant)) == 1
