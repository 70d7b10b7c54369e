"""The endpoint as HTTP: who is let in, from where, with which answer."""

from dataclasses import dataclass

import httpx
import pytest

from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.operations import Operation, ToolBinding
from speko_core.schemas import Nothing
from speko_mcp.server import build_mcp_app
from tests.conftest import Tenant, add_key, on_sqlite
from tests.mcp.client import in_own_task

pytestmark = on_sqlite

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@dataclass(frozen=True)
class Request:
    """One request without a client's habits."""

    base_url: str

    async def send(self, key: str | None = None, **headers: str) -> httpx.Response:
        """Ask for the tools."""
        bearer = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient() as http:
            return await http.post(f"{self.base_url}/mcp", json=LIST, headers={**ACCEPT, **bearer, **headers})


@pytest.fixture
def request_(base_url: str) -> Request:
    """Requests to the running server."""
    return Request(base_url)


async def test_without_a_credential_the_answer_says_where_to_get_one(request_: Request, base_url: str) -> None:
    """MCP-1"""
    answer = await request_.send()
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert f'resource_metadata="{base_url}/.well-known/oauth-protected-resource/mcp"' in challenge
    assert "error=" not in challenge


@pytest.mark.parametrize("key", ["sk_live_nonsense", "spo_nonsense", "st_nonsense", "wk_nonsense"])
async def test_a_wrong_credential_is_refused(request_: Request, key: str) -> None:
    """MCP-1"""
    answer = await request_.send(key)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_our_own_workers_credential_does_not_open_this_door(request_: Request, deps: Deps) -> None:
    """MCP-1"""
    assert (await request_.send(deps.worker_token)).status_code == 401


async def test_a_key_is_let_in_and_nothing_is_kept(request_: Request, tenant: Tenant) -> None:
    """MCP-10"""
    answer = await request_.send(tenant.key)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert "mcp-session-id" not in answer.headers
    assert answer.json()["result"]["tools"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://127.0.0.1:1"}, 200),
    ],
)
async def test_pages_of_other_sites_cannot_reach_it(
    request_: Request, tenant: Tenant, headers: dict[str, str], status: int
) -> None:
    """MCP-1: a page in a browser must not reach a server on the person's machine by renaming its host."""
    assert (await request_.send(tenant.key, **headers)).status_code == status


async def test_a_get_is_challenged_and_then_refused(base_url: str, tenant: Tenant) -> None:
    """MCP-1"""
    async with httpx.AsyncClient(base_url=base_url, headers=ACCEPT) as http:
        stranger = await http.get("/mcp", headers={"mcp-protocol-version": "2024-11-05"})
        known = await http.get("/mcp", headers={"Authorization": f"Bearer {tenant.key}"})
    assert (stranger.status_code, known.status_code) == (401, 405)
    assert "resource_metadata=" in stranger.headers["www-authenticate"]


async def test_an_unknown_path_keeps_the_envelope(base_url: str) -> None:
    """ORG-10"""
    async with httpx.AsyncClient(base_url=base_url) as http:
        answer = await http.get("/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"error": "not found", "code": "NOT_FOUND"})


async def test_a_revoked_key_stops_working(request_: Request, base_url: str, tenant: Tenant, deps: Deps) -> None:
    """ORG-3"""
    spare = await add_key(deps, tenant.organization_id)
    assert (await request_.send(spare)).status_code == 200
    headers = {"Authorization": f"Bearer {tenant.key}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers) as http:
        keys = (await http.get("/v1/api-keys")).json()["keys"]
        newest = max(keys, key=lambda key: str(key["id"]))
        assert (await http.delete(f"/v1/api-keys/{newest['id']}")).status_code == 200
    assert (await request_.send(spare)).status_code == 401


async def test_a_bug_is_answered_with_a_reference_and_logged_in_full(
    deps: Deps, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    """MCP-11"""

    async def fail(ctx: Ctx, data: Nothing) -> object:
        raise ZeroDivisionError("secret detail")

    broken = Operation(
        id="broken.run", summary="Break", scope="docs:read", effect="read", input=Nothing, output=dict[str, str],
        run=fail, tool=ToolBinding("break_it", "Break it", "Only for tests.", toolset="docs"),
    )  # fmt: skip
    door = build_mcp_app(deps, [broken])
    message = {**LIST, "method": "tools/call", "params": {"name": "break_it", "arguments": {}}}
    headers = {**ACCEPT, "Authorization": f"Bearer {tenant.key}"}
    transport = httpx.ASGITransport(app=door.app)
    async with in_own_task(door.lifespan()), httpx.AsyncClient(transport=transport) as http:
        answer = await http.post(f"{deps.settings.base_url}/mcp", json=message, headers=headers)
    result = answer.json()["result"]
    assert result["isError"] is True
    assert "secret detail" not in answer.text
    logged = next(record for record in caplog.records if record.getMessage() == "tool failed")
    assert vars(logged)["reference"] in result["content"][0]["text"]
    assert logged.exc_info is not None
