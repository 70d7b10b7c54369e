"""Rooms of a real LiveKit server."""

import pytest
from livekit import api

from tests.livekit.server import LiveKit

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_room_can_be_made_found_and_removed(livekit: LiveKit) -> None:
    """SES-2: what LiveKit's own client asks of the server that the tests start."""
    client = livekit.api()
    try:
        made = await client.room.create_room(api.CreateRoomRequest(name="reception", metadata="session-1"))
        found = await client.room.list_rooms(api.ListRoomsRequest(names=["reception"]))
        await client.room.delete_room(api.DeleteRoomRequest(room="reception"))
        left = await client.room.list_rooms(api.ListRoomsRequest(names=["reception"]))
    finally:
        await client.aclose()
    assert made.sid
    assert [(room.sid, room.metadata) for room in found.rooms] == [(made.sid, "session-1")]
    assert list(left.rooms) == []
