"""Small factories for tests about sessions; they enter by the doors that callers and workers use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx

from speko_core.deps import Deps
from tests.conftest import rest_client

Json = dict[str, Any]
INSTANCE = "worker-test-1"


def turn(index: int, text: str = "hello", **fields: object) -> Json:
    """A finished turn as a worker reports it."""
    return {"index": index, "source": "user", "text": text, "startedAt": "2026-01-01T00:00:00.000Z", **fields}


async def create(rest: httpx.AsyncClient, agent_id: str | None, **fields: object) -> Json:
    """A created session."""
    answer = await rest.post("/v1/sessions", json={"agentId": agent_id, **fields})
    assert answer.status_code == 201, answer.text
    return cast(Json, answer.json())


async def claim(deps: Deps, session_id: str, instance: str = INSTANCE) -> httpx.Response:
    """A worker takes the session."""
    async with rest_client(deps, deps.worker_token) as worker:
        return await worker.post(f"/internal/sessions/{session_id}/claim", json={"instanceId": instance})


@dataclass
class Running:
    """A claimed session, and the client that holds its own token."""

    id: str
    plan: Json
    client: httpx.AsyncClient

    async def post_turns(self, *turns: Json) -> httpx.Response:
        return await self.client.post(f"/v1/sessions/{self.id}/turns", json={"turns": list(turns)})

    async def heartbeat(self) -> str:
        answer = await self.client.post(f"/internal/sessions/{self.id}/heartbeat", json={"instanceId": INSTANCE})
        return cast(str, answer.json()["status"])

    async def finish(self, status: str = "ended", reason: str = "user", **fields: object) -> httpx.Response:
        body = {"instanceId": INSTANCE, "status": status, "reason": reason, **fields}
        return await self.client.post(f"/internal/sessions/{self.id}/finish", json=body)


@asynccontextmanager
async def running(deps: Deps, rest: httpx.AsyncClient, agent_id: str, **fields: object) -> AsyncIterator[Running]:
    """A session that a worker has claimed."""
    created = await create(rest, agent_id, **fields)
    claimed = (await claim(deps, created["sessionId"])).json()
    async with rest_client(deps, claimed["token"]) as client:
        yield Running(created["sessionId"], claimed["plan"], client)


async def status(rest: httpx.AsyncClient, session_id: str) -> Json:
    """The session as its owner sees it."""
    return cast(Json, (await rest.get(f"/v1/sessions/{session_id}")).json())
