"""Progress: told while long work lasts, to clients that ask; everybody else gets one JSON object."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.mcp import roads as wire
from tests.mcp.client import Era, mcp_client
from tests.mcp.roads import LEGACY, MODERN, message, roads
from tests.mcp.test_calls import call, era

__all__ = ["era"]

pytestmark = on_sqlite

HURRY = 50


class HurriedClock:
    """A clock that runs fifty times as fast."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * HURRY

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / HURRY)


async def test_a_waiting_tool_tells_that_it_waits(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-8"""
    told: list[tuple[float, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with mcp_client(replace(deps, clock=HurriedClock()), tenant.key, era=era) as client:
        made = await call(client, "create_knowledge_base", agentId=tenant.agent_id, name="handbook")
        base = made.structured_content["id"]
        pairs = [{"question": "When are you open?", "answer": "At nine."}]
        added = await call(client, "add_knowledge_faq", id=base, filename="faq.md", pairs=pairs)
        wanted = {"id": base, "documentId": added.structured_content["id"], "waitSeconds": 10}
        answer = await client.call_tool("get_knowledge_document", wanted, progress_handler=listen)
    assert answer.structured_content["status"] == "processing"
    assert len(told) >= 2
    assert sorted(told) == told
    assert "Still at it" in (told[0][1] or "")


@pytest.mark.parametrize("version", [MODERN, LEGACY])
async def test_only_long_work_with_a_token_is_answered_with_a_stream(deps: Deps, tenant: Tenant, version: str) -> None:
    """MCP-10"""
    kinds = {}
    async with roads(deps) as server:
        for tool, token in (("inspect_workspace", 7), ("inspect_workspace", None), ("whoami", 7)):
            body = message("tools/call", {"name": tool, "arguments": {}}, version, token=token)
            answer = await server.ask(tenant.key, body, **wire.era(version, "tools/call", tool))
            assert answer.status == 200
            kinds[tool, token] = dict(answer.headers)[b"content-type"].decode()
    # The stateless era begins a stream with the first notice, and this call is over before it.
    expected = "application/json" if version == MODERN else "text/event-stream"
    assert kinds == {
        ("inspect_workspace", 7): expected,
        ("inspect_workspace", None): "application/json",
        ("whoami", 7): "application/json",
    }
