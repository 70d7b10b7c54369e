"""A storm of webhooks: endpoints that fail, and a jobs process that is killed while it delivers.

The receivers remember every request, so that what is promised can be counted: everything arrives, in order per call,
and what arrives twice carries the same id.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import uvicorn
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speko_core.deps import Deps
from speko_core.ids import new_id, new_session_id
from speko_core.webhooks import service
from speko_core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from speko_core.webhooks.sealing import seal_secret
from speko_core.webhooks.signing import new_secret
from tests.ports import reserve_ports
from tests.serving import served

RETRY_BASE_S = 0.2
JOBS_UP_S = 30.0


@dataclass(frozen=True)
class Storm:
    """How much, how bad. `calls` times `events` times `endpoints` deliveries."""

    endpoints: int
    calls: int
    events: int
    kills: int
    fails: float = 0.3
    seed: int = 20261121

    @property
    def deliveries(self) -> int:
        return self.endpoints * self.calls * self.events


@dataclass(frozen=True)
class Arrival:
    """One request that an endpoint saw."""

    at: float
    endpoint: str
    call: str
    number: int
    message_id: str
    taken: bool


@dataclass
class Receivers:
    """Endpoints that verify, remember, and fail as often as they are told."""

    secret: str
    fails: float
    chance: random.Random
    arrivals: list[Arrival] = field(default_factory=list)
    unverified: int = 0

    async def receive(self, request: Request) -> Response:
        """Take a request or refuse it, by chance."""
        body = await request.body()
        try:
            event = Webhook(self.secret).verify(body, dict(request.headers))
        except Exception:  # whatever is wrong with a signature is counted
            self.unverified += 1
            return Response(status_code=401)
        taken = self.chance.random() >= self.fails
        self.arrivals.append(
            Arrival(
                time.monotonic(), request.path_params["name"], event["call_id"], event["number"],
                request.headers["webhook-id"], taken,
            )
        )  # fmt: skip
        return Response(status_code=200 if taken else self.chance.choice((500, 503, 429, 404)))


@dataclass(frozen=True)
class Figures:
    """What came of a storm."""

    deliveries: int
    taken: int
    requests: int
    refused: int
    repeated_after_taken: int
    out_of_order: int
    ids_of_one_event: int
    unverified: int
    kills: int
    seconds: float
    statuses: dict[str, int]
    attempts_recorded: int

    def assert_kept(self, storm: Storm) -> None:
        """Every promise."""
        assert self.taken == self.deliveries == storm.deliveries, self
        assert (self.out_of_order, self.unverified, self.ids_of_one_event) == (0, 0, 1), self
        assert self.statuses == {"succeeded": storm.deliveries}, self
        assert self.kills == storm.kills, self


async def weather(deps: Deps, organization_id: str, storm: Storm) -> Figures:
    """Emit everything, deliver it with a process that is killed `kills` times, count."""
    chance = random.Random(storm.seed)
    receivers = Receivers(new_secret(), storm.fails, chance)
    app = Starlette(routes=[Route("/{name}", receivers.receive, methods=["POST"])])
    config = uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False)
    began = time.monotonic()
    async with served(config) as url:
        await _listen(deps, organization_id, storm, url, receivers.secret)
        emitting = asyncio.create_task(_emit(deps, organization_id, storm))
        killed = await _deliver(deps, storm, receivers, chance)
        await emitting
        seconds = time.monotonic() - began
    return await _count(deps, organization_id, storm, receivers, killed, seconds)


async def _listen(deps: Deps, organization_id: str, storm: Storm, url: str, secret: str) -> None:
    now = deps.clock.now()
    async with deps.database.transaction(organization_id) as db:
        for number in range(storm.endpoints):
            row_id = new_id("wh")
            row = WebhookEndpoint(
                id=row_id, organization_id=organization_id, name=f"e{number}", url=f"{url}/e{number}",
                events=["call.report"], agent_ids=[], filter_tags={}, headers={}, auth_header_names=[],
                timeout_ms=5000, signing_secret_source="custom", extraction_fields=[], content_mode="full",
                sealed_signing_secret=seal_secret(deps.secrets, organization_id, row_id, secret),
                created_at=now, updated_at=now,
            )  # fmt: skip
            db.add(row)


async def _emit(deps: Deps, organization_id: str, storm: Storm) -> None:
    """Event by event over all calls, as calls happen beside each other."""
    calls = [new_session_id() for _ in range(storm.calls)]
    for number in range(storm.events):
        for call in calls:
            async with deps.database.transaction(organization_id) as db:
                await service.emit(
                    db, organization_id, "call.report", {"call_id": call, "number": number},
                    occurred_at=deps.clock.now(), session_id=call,
                )  # fmt: skip


async def _deliver(deps: Deps, storm: Storm, receivers: Receivers, chance: random.Random) -> int:
    """Run the jobs process until all is taken; kill it each time another share of the deliveries was taken."""
    port = reserve_ports()
    killed = 0
    while killed < storm.kills:
        async with _jobs(deps, port) as process:
            share = storm.deliveries * (killed + 1) // (storm.kills + 2)
            await _until_taken(receivers, share)
            await asyncio.sleep(chance.uniform(0, 0.3))
            process.kill()
            killed += 1
    async with _jobs(deps, port):
        await _until_taken(receivers, storm.deliveries)
        await _until_recorded(deps, storm)
    return killed


@asynccontextmanager
async def _jobs(deps: Deps, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The jobs role as a user runs it, on the database of `deps`."""
    settings = deps.settings
    key = settings.master_key
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SPEKO_")},
        "SPEKO_PORT": str(port),
        "SPEKO_DATA_DIR": str(settings.data_dir),
        "SPEKO_DATABASE_URL": settings.database_url,
        "SPEKO_MASTER_KEY": key.get_secret_value() if key else "",
        "SPEKO_ALLOW_INSECURE_WEBHOOKS": "1",
        "SPEKO_WEBHOOK_RETRY_BASE_S": str(RETRY_BASE_S),
        "SPEKO_LOG_LEVEL": "error",
    }
    with _log(settings.data_dir) as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "speko_gateway.cli.main", "jobs", env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _log(folder: Path) -> BinaryIO:
    return (folder / "jobs.log").open("ab")


async def _until_taken(receivers: Receivers, count: int, idle_s: float = JOBS_UP_S) -> None:
    """Wait until `count` deliveries were taken.

    Raises:
        AssertionError: nothing arrived for a long while.
    """
    last, seen = time.monotonic(), -1
    while len({arrival.message_id for arrival in receivers.arrivals if arrival.taken}) < count:
        if len(receivers.arrivals) != seen:
            last, seen = time.monotonic(), len(receivers.arrivals)
        assert time.monotonic() - last < idle_s * 4, f"deliveries stand still after {seen} requests"
        await asyncio.sleep(0.05)


async def _until_recorded(deps: Deps, storm: Storm) -> None:
    """The last answers are written down a moment after the receivers gave them."""
    async with asyncio.timeout(JOBS_UP_S):
        while (await _statuses(deps)).get("succeeded", 0) < storm.deliveries:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.1)


async def _statuses(deps: Deps) -> dict[str, int]:
    statement = select(WebhookDelivery.status, func.count(WebhookDelivery.id)).group_by(WebhookDelivery.status)
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        return {row[0]: row[1] for row in (await db.execute(statement)).all()}


async def _count(
    deps: Deps, organization_id: str, storm: Storm, receivers: Receivers, killed: int, seconds: float
) -> Figures:
    async with deps.database.transaction(organization_id, read_only=True) as db:
        attempts = (await db.execute(select(func.count(WebhookAttempt.id)))).scalar_one()
        deliveries = (await db.execute(select(func.count(WebhookDelivery.id)))).scalar_one()
    lanes: dict[tuple[str, str], list[int]] = defaultdict(list)
    ids: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    taken: set[str] = set()
    repeated = 0
    for arrival in receivers.arrivals:
        lanes[arrival.endpoint, arrival.call].append(arrival.number)
        ids[arrival.endpoint, arrival.call, arrival.number].add(arrival.message_id)
        repeated += arrival.message_id in taken
        if arrival.taken:
            taken.add(arrival.message_id)
    return Figures(
        deliveries=deliveries,
        taken=len(taken),
        requests=len(receivers.arrivals),
        refused=sum(not arrival.taken for arrival in receivers.arrivals),
        repeated_after_taken=repeated,
        out_of_order=sum(numbers != sorted(numbers) for numbers in lanes.values()),
        ids_of_one_event=max(len(found) for found in ids.values()),
        unverified=receivers.unverified,
        kills=killed,
        seconds=round(seconds, 1),
        statuses=await _statuses(deps),
        attempts_recorded=attempts,
    )


def as_json(figures: Figures) -> str:
    """For a report."""
    return json.dumps(figures.__dict__)
