"""Endpoints that answer as told, without a network, and the jobs role stepping on a clock."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.deps import Deps
from speko_core.types import JsonObject
from speko_core.webhooks import service
from speko_core.webhooks.events import EventName
from speko_core.webhooks.jobs import KINDS, RELAY_EVERY_S
from tests.conftest import Tenant, rest_client, with_deps
from tests.twins import MovedClock

Json = dict[str, Any]
Answer = httpx.Response | Exception
OK = 200


@dataclass
class Endpoints:
    """Every URL of the world: what it was sent, and the answers it still has in store (then 200)."""

    received: dict[str, list[httpx.Request]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, list[int | Answer]] = field(default_factory=lambda: defaultdict(list))
    always: dict[str, int | Answer] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.received[url].append(request)
        answer = self.answers[url].pop(0) if self.answers[url] else self.always.get(url, OK)
        if isinstance(answer, Exception):
            raise answer
        built = httpx.Response(answer) if isinstance(answer, int) else answer
        # As from a network: to be read as a stream.
        return httpx.Response(built.status_code, headers=built.headers, stream=httpx.ByteStream(built.content))

    def bodies(self, url: str) -> list[Json]:
        return [json.loads(request.content) for request in self.received[url]]

    def ids(self, url: str) -> list[str]:
        return [request.headers["webhook-id"] for request in self.received[url]]


@dataclass
class World:
    """An organization, its door, its endpoints and a jobs role that works when told to."""

    deps: Deps
    tenant: Tenant
    rest: httpx.AsyncClient
    endpoints: Endpoints
    clock: MovedClock
    jobs: InlineJobs

    async def listen(self, url: str, *events: str, **fields: object) -> Json:
        """A registered endpoint."""
        body = {"name": url[8:], "url": url, "events": events or ("call.report",), **fields}
        answer = await self.rest.post("/v1/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def emit(
        self, event: EventName = "call.report", payload: JsonObject | None = None, **about: Any
    ) -> list[str]:
        """Something happened."""
        async with self.deps.database.transaction(self.tenant.organization_id) as db:
            return await service.emit(
                db, self.tenant.organization_id, event, payload or {}, occurred_at=self.clock.now(), **about
            )

    async def work(self, seconds: float = RELAY_EVERY_S) -> None:
        """Let time pass, then let the jobs role do all there is to do at that moment."""
        self.clock.advance(seconds)
        while await self.jobs.run_due(self.deps):
            self.clock.advance(RELAY_EVERY_S)

    async def deliveries(self, **filters: str) -> list[Json]:
        """Newest first, as the owner sees them."""
        return list((await self.rest.get("/v1/webhook-deliveries", params=filters)).json()["data"])

    async def delivery(self, delivery_id: str) -> Json:
        return dict((await self.rest.get(f"/v1/webhook-deliveries/{delivery_id}")).json())

    async def statuses(self) -> list[str]:
        """Oldest first."""
        return [row["status"] for row in reversed(await self.deliveries())]


@asynccontextmanager
async def opened_world(deps: Deps, tenant: Tenant) -> AsyncIterator[World]:
    """The real database and services; endpoints, clock and engine are twins."""
    clock, endpoints = MovedClock(datetime.now(UTC)), Endpoints()
    jobs = InlineJobs(KINDS, clock)
    async with httpx.AsyncClient(transport=httpx.MockTransport(endpoints)) as outbound:
        swapped = with_deps(deps, clock=clock, jobs=jobs, outbound=outbound)
        async with rest_client(swapped, tenant.key) as rest:
            yield World(swapped, tenant, rest, endpoints, clock, jobs)
