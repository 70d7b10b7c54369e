"""What breaks during a call in a room: every session ends in a defined state, and what was said is stored."""

import asyncio
import json
import os
import signal
from typing import Any

import httpx
import pytest

from tests.e2e.running_product import Product
from tests.e2e.test_recording import door, settled
from tests.e2e.test_up_crashes import FINAL, is_ready, within
from tests.livekit.calls import in_call
from tests.livekit.conftest import Installation
from tests.worker.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150), pytest.mark.asyncio(loop_scope="session")]
GREETING = "Front desk."


async def test_a_killed_call_and_a_killed_gateway_cost_no_turn(installation: Installation) -> None:
    """OPS-2, SES-5: the process of one call is killed, and the web role while another is going on."""
    product = installation.product
    async with door(product) as rest:
        agent_id = await _agent(rest)
        async with in_call(rest, agent_id) as (lost, lost_id), in_call(rest, agent_id) as (kept, kept_id):
            await until(lambda: bool(lost.of("turn")) and bool(kept.of("turn")), 20)
            os.kill(_process_of(product, lost_id), signal.SIGKILL)
            for pid in product.pids("web"):
                os.kill(pid, signal.SIGKILL)
            await within(60, lambda: is_ready(rest))
            await kept.send({"type": "user_message", "text": "Are you still there?"})
            await until(lambda: len(kept.of("turn")) == 3, 40)
            # Nobody is left in a room without its agent.
            await until(lambda: lost.left_because is not None, 40)
        first, second = await settled(rest, lost_id), await settled(rest, kept_id)
        stored = [await _said(rest, session_id) for session_id in (lost_id, kept_id)]
    assert (first["status"], first["recordingStatus"]) == ("failed", "failed")
    assert (second["status"], second["endReason"], second["recordingStatus"]) == ("ended", "user", "ready")
    assert stored == [[GREETING], [turn["text"] for turn in kept.of("turn")]]


async def test_a_killed_worker_ends_its_calls_and_the_next_one_takes_new_ones(installation: Installation) -> None:
    """OPS-2, SES-5: what the killed one had not reported, its successor reports."""
    product = installation.product
    async with door(product) as rest:
        agent_id = await _agent(rest)
        async with in_call(rest, agent_id) as (caller, session_id):
            await until(lambda: bool(caller.of("turn")), 20)
            [killed] = product.pids("worker")
            os.kill(killed, signal.SIGKILL)
            await until(lambda: caller.left_because is not None, 40)
        ended = await settled(rest, session_id)
        assert (ended["status"], ended["recordingStatus"]) == ("failed", "failed")
        await within(30, lambda: _answers(rest, agent_id))
        assert await _said(rest, session_id) == [GREETING]


async def test_without_its_server_no_session_is_made_and_calls_end(installation: Installation) -> None:
    """SES-1: nothing is left behind; once the server is back, so are the calls."""
    async with door(installation.product) as rest:
        agent_id = await _agent(rest)
        async with in_call(rest, agent_id) as (caller, session_id):
            await until(lambda: bool(caller.of("turn")), 20)
            await installation.livekit.stop()
            try:
                refused = await rest.post("/v1/sessions", json={"agentId": agent_id})
                listed = (await rest.get("/v1/sessions", params={"agent": agent_id})).json()["entries"]
            finally:
                await installation.livekit.start()
        assert (refused.status_code, refused.json()["code"]) == (500, "SESSION_CREATE_FAILED")
        assert [entry["sessionId"] for entry in listed] == [session_id]
        await within(40, lambda: _is_over(rest, session_id))
        await within(40, lambda: _answers(rest, agent_id))
        assert await _said(rest, session_id) == [GREETING]


async def _agent(rest: httpx.AsyncClient) -> str:
    agent = {
        "name": "Desk",
        "systemPrompt": "You are brief.",
        "intent": {"language": "en-US"},
        "firstMessage": GREETING,
    }
    made = await rest.post("/v1/agents", json={**agent, "name": f"Desk {os.urandom(4).hex()}"})
    return str(made.json()["id"])


def _process_of(product: Product, session_id: str) -> int:
    """A call's own process, as it signs the journal of its turns."""
    journal = product.data_dir / "worker-journal" / f"{session_id}.jsonl"
    return int(json.loads(journal.read_text().splitlines()[0])["pid"])


async def _said(rest: httpx.AsyncClient, session_id: str) -> list[str]:
    entries: list[dict[str, Any]] = (await rest.get(f"/v1/sessions/{session_id}/transcript")).json()["entries"]
    return [entry["text"] for entry in entries]


async def _is_over(rest: httpx.AsyncClient, session_id: str) -> bool:
    return (await rest.get(f"/v1/sessions/{session_id}")).json()["status"] in FINAL


async def _answers(rest: httpx.AsyncClient, agent_id: str) -> bool:
    """A new caller is greeted."""
    try:
        async with asyncio.timeout(10):
            async with in_call(rest, agent_id) as (caller, _):
                await until(lambda: bool(caller.of("turn")), 8)
    except (AssertionError, TimeoutError):
        return False
    return True
