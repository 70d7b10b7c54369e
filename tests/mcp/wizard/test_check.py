"""`speko init --check`: real handshakes with what the clients are configured to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conftest import Tenant, on_sqlite
from tests.mcp.serving import serving
from tests.mcp.wizard.person import Person, Said
from tests.ports import own_port

CLIENTS = ("claude-code", "codex", "opencode", "claude-desktop", "goose")
ASKED = [word for client in CLIENTS for word in ("--client", client)]


@pytest.fixture
def server(person: Person, base_url: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> str:
    """A running web role, and a person with a key for it."""
    monkeypatch.setenv("SPEKO_API_KEY", tenant.key)
    return base_url


async def init(person: Person, *arguments: str) -> Said:
    """The command, while the server of this process goes on."""
    return await asyncio.to_thread(person.init, *arguments)


@on_sqlite
async def test_every_client_with_a_key_sees_the_tools(person: Person, server: str) -> None:
    """MCP-1: what `--check` sends is what stands in each file."""
    await init(person, "--yes", "--api-key", "--url", server, *ASKED)
    await init(person, "--yes", "--api-key", "--url", server, "--scope", "project", "--client", "cursor")
    said = await init(person, "--check", "--json")
    assert said.code == 0, said.output
    assert said.column("state", "checks") == dict.fromkeys([*CLIENTS, "cursor"], "ok")
    assert all(int(detail.split()[0]) > 10 for detail in said.column("detail", "checks").values())


@on_sqlite
async def test_a_client_without_a_key_is_told_how_to_sign_in(person: Person, server: str) -> None:
    """MCP-1: the server was asked, and says where to sign in."""
    await init(person, "--yes", "--oauth", "--url", server, *ASKED)
    said = await init(person, "--check", "--json")
    assert said.code == 0
    assert set(said.column("state", "checks").values()) == {"sign in"}
    assert said.column("fix", "checks")["codex"] == "Then codex mcp login speko."


@on_sqlite
async def test_a_name_that_the_server_does_not_know_itself_by_is_found_out(person: Person, server: str) -> None:
    """MCP-1: clients compare the address to the letter."""
    other = server.replace("127.0.0.1", "localhost")
    await init(person, "--yes", "--oauth", "--url", other, "--client", "codex")
    said = await init(person, "--check", "--json")
    assert said.code == 1
    assert said.column("fix", "checks")["codex"] == f"Run `speko init --url {server}/mcp`."


@on_sqlite
async def test_what_does_not_work_says_what_to_do(person: Person, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """MCP-1: a wrong key, a variable that is not set, a server that is not there, a file that is broken."""
    await init(person, "--yes", "--key-env", "SPEKO_OTHER", "--url", server, "--client", "claude-code")
    await init(person, "--yes", "--api-key", "--url", "http://127.0.0.1:1", "--client", "goose")
    monkeypatch.setenv("SPEKO_API_KEY", "sk_live_wrong")
    await init(person, "--yes", "--api-key", "--url", server, "--client", "codex")
    (person.project / "opencode.json").write_text("{")
    said = await init(person, "--check", "--json")
    assert said.code == 1
    assert said.column("detail", "checks") == {
        "claude-code": "The variable SPEKO_OTHER is not set here.",
        "codex": "The server refuses the key.",
        "goose": "The server does not answer.",
        "opencode": "The entry cannot be read.",
    }
    assert all(said.column("fix", "checks").values())


async def test_nothing_configured_is_not_well(person: Person) -> None:
    """MCP-1"""
    said = await init(person, "--check")
    assert (said.code, said.output) == (1, "No client is configured; `speko init` does that.\n")


@asynccontextmanager
async def somebody_else() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that writes down the credentials it is sent, and answers nothing of use."""
    heard: list[str] = []

    async def answer(request: Request) -> Response:
        heard.append(request.headers.get("authorization", ""))
        return Response("hello")

    port = own_port()
    async with serving(Starlette(routes=[Route("/mcp", answer, methods=["POST"])]), port):
        yield f"http://127.0.0.1:{port}", heard


async def test_a_server_of_another_kind_is_no_success(person: Person) -> None:
    """MCP-1"""
    async with somebody_else() as (url, heard):
        await init(person, "--yes", "--api-key", "--url", url, "--client", "cursor")
        said = await init(person, "--check", "--json")
    assert len(heard) == 1
    assert said.column("detail", "checks") == {"cursor": "The server answers with HTTP 200 and no MCP result."}


async def test_a_project_of_somebody_else_gets_no_key(person: Person) -> None:
    """MCP-1: a file in a folder that was cloned may name any server."""
    address = ("--yes", "--api-key", "--url", "http://192.0.2.1", "--scope", "project", "--client", "cursor")
    await init(person, *address)
    said = await init(person, "--check", "--json")
    assert said.column("detail", "checks") == {"cursor": "The project names another server; no key was sent to it."}
