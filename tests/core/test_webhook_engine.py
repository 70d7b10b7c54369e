"""On the real job engine: an endpoint that hangs holds up nobody, and shared work least of all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from speko_core.adapters.dbos_jobs import DbosJobs
from speko_core.adapters.dbos_runner import DbosRunner
from speko_core.deps import Deps
from speko_core.ports.jobs import JobKind
from speko_core.types import JsonObject
from speko_core.webhooks import claims, service
from speko_core.webhooks.jobs import KINDS
from tests.conftest import Tenant, rest_client, with_deps

HUNG, FINE = "https://hung.example.com/a", "https://fine.example.com/b"
DEADLINE_S = 30.0
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Hanging:
    """One URL answers when it is over, the other always."""

    begun: Counter[str] = field(default_factory=Counter)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.begun[url] += 1
        if url == HUNG:
            await self.over.wait()
        return httpx.Response(200, stream=httpx.ByteStream(b""))


async def until(true: Callable[[], bool]) -> None:
    """Look until it is so; the engine has no event for it."""
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


@asynccontextmanager
async def working(deps: Deps, shared: JobKind) -> AsyncIterator[None]:
    """The engine with the kinds of webhooks and one kind of shared work."""
    jobs = deps.jobs
    assert isinstance(jobs, DbosJobs)
    runner = DbosRunner(deps, jobs, [*KINDS, shared], "jobs-test")
    await runner.start()
    periodic = asyncio.create_task(runner.run_periodic())
    try:
        yield
    finally:
        periodic.cancel()
        with suppress(asyncio.CancelledError):
            await periodic
        await jobs.aclose()
        await runner.stop(0)


async def listen(deps: Deps, tenant: Tenant, url: str) -> None:
    body = {"name": url, "url": url, "events": ["call.report"], "filterTags": {"url": url}, "timeoutMs": 30_000}
    async with rest_client(deps, tenant.key) as rest:
        assert (await rest.post("/v1/webhooks", json=body)).status_code == 201


async def emit(deps: Deps, tenant: Tenant, url: str, count: int) -> None:
    async with deps.database.transaction(tenant.organization_id) as db:
        for _ in range(count):
            await service.emit(
                db, tenant.organization_id, "call.report", {}, occurred_at=deps.clock.now(), webhook_tags={"url": url}
            )


async def test_an_endpoint_that_hangs_delays_no_other_and_no_shared_work(deps: Deps, tenant: Tenant) -> None:
    """TEL-4: it holds its own places, and those only."""
    endpoints = Hanging()
    shared = asyncio.Event()

    async def work(deps: Deps, args: JsonObject) -> JsonObject:
        shared.set()
        return {}

    async with httpx.AsyncClient(transport=httpx.MockTransport(endpoints)) as outbound:
        swapped = with_deps(deps, outbound=outbound)
        for url in (HUNG, FINE):
            await listen(swapped, tenant, url)
        await emit(swapped, tenant, HUNG, 2 * claims.PER_ENDPOINT)
        async with working(swapped, JobKind("shared.work", work)), asyncio.timeout(DEADLINE_S):
            await until(lambda: endpoints.begun[HUNG] == claims.PER_ENDPOINT)
            await emit(swapped, tenant, FINE, 5)
            await swapped.jobs.enqueue("shared.work", {}, job_id="shared-1")
            await until(lambda: endpoints.begun[FINE] == 5 and shared.is_set())
            assert endpoints.begun[HUNG] == claims.PER_ENDPOINT
            endpoints.over.set()
            await until(lambda: endpoints.begun[HUNG] == 2 * claims.PER_ENDPOINT)
