"""The protocol's own conformance suite against the running web role, with its real guards and sign-in.

The suite sends no credentials, so a wrapper adds a key. It calls tools of its own, which `fixtures` adds to the server.
Installed by tests/e2e/clients/install.sh; without it these tests skip.
"""

import asyncio
import re
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from speko_core.deps import Deps
from speko_gateway.app import create_app
from speko_mcp.server import Transport, build_mcp_app
from tests.conformance.fixtures import add_fixtures
from tests.conftest import Tenant, on_sqlite
from tests.e2e.mcp_clients import CLIENTS, NODE, PROGRAMS
from tests.mcp.person import App, Person
from tests.mcp.serving import running_web_role, serving, settings_on_a_free_port
from tests.ports import reserve_ports

__all__ = ["running_web_role", "settings_on_a_free_port"]

RUN_S = 60
REVISIONS = ("2025-11-25", "2026-07-28")
# Subscriptions of the handshake era: nothing here changes while a client watches it.
EXPECTED_FAILURES = "server:\n  - resources-subscribe\n  - resources-unsubscribe\n"
_URL = re.compile(r"https?://\S+/authorize\?\S+")

pytestmark = [
    pytest.mark.e2e,
    on_sqlite,
    pytest.mark.timeout(180),
    # The suite tries what the newest revision discourages: sampling and logging.
    pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning"),
    pytest.mark.skipif(
        not (CLIENTS / ".installed").exists(), reason="no conformance suite: run tests/e2e/clients/install.sh"
    ),
]


class WithKey:
    """Adds a key to every request."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._header = (b"authorization", f"Bearer {key}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], self._header]}
        await self._app(scope, receive, send)


@pytest.fixture
async def open_url(deps: Deps, tenant: Tenant) -> AsyncIterator[str]:
    """A web role with the suite's fixtures that takes every request for one with the tenant's key."""
    # The older era's questions to the client and its log need a session and streams; the product does without.
    door = build_mcp_app(deps, extend=add_fixtures, transport=Transport(stateless=False, json=False))
    app = create_app(deps, mcp_app=door.app, mcp_lifespan=door.lifespan)
    async with serving(WithKey(app, tenant.key), deps.settings.port):
        yield f"{deps.settings.base_url}/mcp"


@pytest.fixture
async def product_url(deps: Deps, tenant: Tenant) -> AsyncIterator[str]:
    """The web role as it is shipped, without fixtures."""
    door = build_mcp_app(deps)
    app = create_app(deps, mcp_app=door.app, mcp_lifespan=door.lifespan)
    async with serving(WithKey(app, tenant.key), deps.settings.port):
        yield f"{deps.settings.base_url}/mcp"


@asynccontextmanager
async def suite(folder: Path, *arguments: str) -> AsyncIterator[Process]:
    """Start the suite; it is gone when the block ends."""
    process = await asyncio.create_subprocess_exec(
        PROGRAMS / "conformance", *arguments, cwd=folder, env={"PATH": f"{NODE}:/usr/bin:/bin"},
        stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(RUN_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def run_server(folder: Path, url: str, *options: str) -> None:
    arguments = ["server", "--url", url, "-o", str(folder), *options]
    async with suite(folder, *arguments) as process:
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_every_scenario_that_a_revision_requires(open_url: str, tmp_path: Path, revision: str) -> None:
    """MCP-10"""
    baseline = tmp_path / "baseline.yml"
    baseline.write_text(EXPECTED_FAILURES if revision == REVISIONS[0] else "server: []\n")
    await run_server(tmp_path, open_url, "--requirements", revision, "--expected-failures", str(baseline))


@pytest.mark.parametrize(("revision", "scenario"), [("2025-11-25", "server-initialize"), ("2026-07-28", "caching")])
async def test_the_server_as_it_is_shipped(product_url: str, tmp_path: Path, revision: str, scenario: str) -> None:
    """MCP-10"""
    await run_server(tmp_path, product_url, "--scenario", scenario, "--spec-version", revision)


async def test_the_authorization_server(base_url: str, deps: Deps, tenant: Tenant, tmp_path: Path) -> None:
    """MCP-10"""
    port = reserve_ports()
    app = App(base_url, redirect_uri=f"http://127.0.0.1:{port}/callback")
    await app.register()
    person = Person(deps, tenant.user_id)
    await person.sign_in()
    named = ["--url", base_url, "--client-id", app.client_id, "--resource", f"{base_url}/mcp"]
    options = [*named, "-p", str(port), "-o", str(tmp_path)]
    async with suite(tmp_path, "authorization", *options) as process:
        said = ""
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            said += line
            if found := _URL.search(line):
                await _let_in(person, found[0], tenant)
        await process.wait()
    await person.http.aclose()
    assert process.returncode == 0, said
    assert "Total: 2 passed, 0 failed" in said


async def _let_in(person: Person, url: str, tenant: Tenant) -> None:
    page = await person.open(url)
    back = await person.decide(page, "approve", tenant.organization_id)
    async with httpx.AsyncClient() as http:
        await http.get(back.headers["location"])
