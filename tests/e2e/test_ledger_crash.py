"""`kill -9` of a real process while it answers: what a caller saw the end of is in the books, once, and they add up.

`CRASH_ROUNDS=50 pytest tests/e2e/test_ledger_crash.py --timeout 1200` kills fifty times on each engine.
"""

import asyncio
import contextlib
import os
import random
import socket
import sys
from dataclasses import dataclass, field

import httpx
import pytest
from sqlalchemy import func, select

from speko_core.deps import Deps
from speko_core.metering.models import LedgerEntry, UsageEvent
from speko_core.routing.decisions_models import RoutingDecision
from tests.conftest import Tenant
from tests.core.metering_kit import assert_exact

pytestmark = pytest.mark.e2e

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "3"))
CALLERS = 12
UP_WITHIN_S = 120.0
BODY = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}, "maxTokens": 50}
COST_MICRO_USD = 8


@dataclass
class Callers:
    """Call until the connection breaks; remember what was answered to its end."""

    key: str
    port: int
    begun: int = 0
    answered: list[str] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, client: httpx.AsyncClient) -> None:
        with contextlib.suppress(httpx.HTTPError):
            while True:
                self.begun += 1
                answer = await client.post("/v1/complete", json=BODY)
                assert answer.status_code == 200, answer.text
                assert b"event: done\n" in answer.content
                self.answered.append(answer.headers["x-speko-decision-id"])
                self.first.set()

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30)


async def started(deps: Deps) -> tuple[asyncio.subprocess.Process, int]:
    """The process behind a port of its own; early connections wait in the kernel."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = deps.settings
        arguments = ("tests.e2e.ledger_process", str(listener.fileno()), str(settings.data_dir), settings.database_url)
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", *arguments, pass_fds=(listener.fileno(),))
        return process, listener.getsockname()[1]


async def one_round(deps: Deps, key: str, chance: random.Random) -> Callers:
    """Start, let callers call, kill at some instant after the first answer, wait for everybody to notice."""
    process, port = await started(deps)
    callers = Callers(key, port)
    try:
        async with callers.client() as client:
            async with asyncio.timeout(UP_WITHIN_S):
                assert (await client.get("/healthz")).status_code == 200
                calling = [asyncio.create_task(callers.call(client)) for _ in range(CALLERS)]
                await callers.first.wait()
            await asyncio.sleep(chance.uniform(0, 0.5))
            process.kill()
            await asyncio.gather(*calling)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return callers


@pytest.mark.timeout(120 + 120 * ROUNDS)
async def test_killing_the_process_loses_and_doubles_nothing(deps: Deps, tenant: Tenant) -> None:
    """MTR-3: sum of entries = balance = calls answered; a call whose end nobody saw is booked whole or not at all."""
    chance = random.Random(20261121)
    answered: list[str] = []
    begun = 0
    for _ in range(ROUNDS):
        callers = await one_round(deps, tenant.key, chance)
        answered += callers.answered
        begun += callers.begun
        await assert_exact(deps, tenant.organization_id)
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        booked = (await db.execute(select(UsageEvent.decision_id))).scalars().all()
        debits = (await db.execute(select(func.count(LedgerEntry.id)))).scalar_one()
        balance = (await db.execute(select(func.sum(LedgerEntry.amount_micro_usd)))).scalar_one()
        decisions = set((await db.execute(select(RoutingDecision.id))).scalars())
    assert len(booked) == len(set(booked)) == debits
    assert set(answered) <= set(booked)
    assert len(booked) <= begun
    assert balance == -COST_MICRO_USD * len(booked)
    # The decision behind a booked call is never later than its usage.
    assert set(booked) <= decisions
