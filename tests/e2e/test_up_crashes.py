"""kill -9 of each role during a conversation: it comes back, no turn is lost or doubled, the session ends."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from speko_core.types import JsonObject
from speko_worker.talk import TalkOptions, talk
from tests.e2e.running_product import Product
from tests.e2e.spoken import caller_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

FINAL = ("ended", "failed", "expired")


async def within(seconds: float, holds: Callable[[], Awaitable[bool]]) -> None:
    """Poll until `holds`, failing after the deadline."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.1)


class Caller:
    """Talks, and has a role killed as soon as it sees its own first words as a turn."""

    def __init__(self, product: Product, role: str) -> None:
        self.product, self.role = product, role
        self.seen: list[JsonObject] = []
        self.killed: list[int] = []

    def on_event(self, frame: JsonObject) -> None:
        if frame.get("type") != "turn" or self.killed:
            return
        self.seen.append(frame)
        if frame["source"] == "user":
            self.killed = self.product.pids(self.role)
            for pid in self.killed:
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("role", ["jobs", "worker", "web"])
async def test_a_killed_role_costs_no_turn_and_every_session_ends(product: Product, role: str) -> None:
    """OPS-2: the supervisor restarts it; SES-5: at least once on the way, exactly once in the transcript."""
    headers = {"Authorization": f"Bearer {product.links['test_key']}"}
    wav = await caller_wav("what are your opening hours", "where are you located")
    caller = Caller(product, role)
    async with httpx.AsyncClient(base_url=product.base_url, headers=headers, timeout=10) as http:
        agent = (await http.get("/v1/agents")).json()[0]["id"]
        session = (await http.post("/v1/sessions", json={"agentId": agent})).json()
        options = TalkOptions(timeout_s=60)
        await talk(session["transportUrl"], session["transportToken"], wav, on_event=caller.on_event, options=options)
        assert caller.killed, "the caller's words never became a turn"
        await within(60, lambda: is_ready(http))
        assert set(product.pids(role)).isdisjoint(caller.killed)
        await within(60, lambda: is_final(http, session["sessionId"]))
        await within(30, lambda: has_turns(http, session["sessionId"], len(caller.seen)))
        entries = (await http.get(f"/v1/sessions/{session['sessionId']}/transcript")).json()["entries"]
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    assert [as_seen(entry) for entry in entries][: len(caller.seen)] == [as_seen(turn) for turn in caller.seen]


async def is_ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:  # web is the one that was killed
        return False


async def is_final(http: httpx.AsyncClient, session_id: str) -> bool:
    return (await http.get(f"/v1/sessions/{session_id}")).json()["status"] in FINAL


async def has_turns(http: httpx.AsyncClient, session_id: str, count: int) -> bool:
    return len((await http.get(f"/v1/sessions/{session_id}/transcript")).json()["entries"]) >= count


def as_seen(turn: dict[str, Any]) -> tuple[object, object, object]:
    return turn["index"], turn["source"], turn["text"]
