"""Joining the room of a session made over REST."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.livekit.caller import RoomCaller, in_room
from tests.livekit.server import LiveKit
from tests.worker.conftest import until


@asynccontextmanager
async def in_call(
    rest: httpx.AsyncClient, agent_id: str, *, forgotten_by: LiveKit | None = None, **fields: object
) -> AsyncIterator[tuple[RoomCaller, str]]:
    """A caller in the room of a new session, once the agent answers, and the session's id.

    `forgotten_by` is a server that loses the room before the caller joins.
    """
    made = await rest.post("/v1/sessions", json={"agentId": agent_id, **fields})
    assert made.status_code == 201, made.text
    session = made.json()
    if forgotten_by is not None:
        await forgotten_by.remove(session["roomName"])
    async with in_room(session["transportUrl"], session["transportToken"]) as caller:
        await until(lambda: bool(caller.of("ready")), 20)
        yield caller, session["sessionId"]
