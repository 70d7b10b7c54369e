"""LiveKit rooms: WebRTC through a server of the operator's, one room a session (docs/livekit.md).

The room is made with the agent's dispatch in it, in one request. The caller's token repeats the dispatch, because a
room that nobody joined ends after a minute, and a restarted server has forgotten its rooms: whoever comes then makes
the room anew and the agent follows. Metadata holds the session id alone; callers can read it in their own token.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import aiohttp
from livekit import api

from speko_core.ports.rooms import RoomAccess, RoomRequest, RoomsError, Transport

TIMEOUT_S = 3.0
# How long the agent waits in an empty room, and how long a room outlives the last caller.
UNJOINED_S = 60
DEPARTED_S = 20

T = TypeVar("T")


class LiveKitRooms:
    """The `Rooms` port over a LiveKit server: `server_url` is where we reach it, `caller_url` where callers do."""

    transport: Transport = "livekit"
    sends_agents = True

    def __init__(self, server_url: str, caller_url: str, key: str, secret: str, agent_name: str) -> None:
        self._server_url, self._caller_url = server_url, caller_url
        self._key, self._secret = key, secret
        self._agent_name = agent_name
        self._client: api.LiveKitAPI | None = None

    async def admit(self, request: RoomRequest) -> RoomAccess:
        """A token that lets one identity into one room: speak, listen, exchange data, nothing else."""
        grants = api.VideoGrants(
            room_join=True,
            room=request.room_name,
            can_publish=True,
            can_publish_sources=["microphone"],
            can_subscribe=True,
            can_publish_data=True,
            can_update_own_metadata=False,
        )
        rebuilt = api.RoomConfiguration(
            empty_timeout=self._unjoined_s(request), departure_timeout=DEPARTED_S, agents=[self._dispatch(request)]
        )
        token = (
            api.AccessToken(self._key, self._secret)
            .with_identity(request.identity)
            .with_ttl(timedelta(seconds=request.ttl_s))
            .with_grants(grants)
            .with_room_config(rebuilt)
        )
        return RoomAccess(self._caller_url, token.to_jwt())

    async def open(self, request: RoomRequest) -> None:
        """Make the room, which dispatches the agent."""
        wanted = api.CreateRoomRequest(
            name=request.room_name,
            empty_timeout=self._unjoined_s(request),
            departure_timeout=DEPARTED_S,
            agents=[self._dispatch(request)],
        )
        await self._asked(lambda client: client.room.create_room(wanted))

    async def close(self, room_name: str) -> None:
        """Remove the room; everybody in it is told that it was deleted."""
        await self._asked(lambda client: client.room.delete_room(api.DeleteRoomRequest(room=room_name)))

    async def aclose(self) -> None:
        """Close the HTTP session."""
        if self._client is not None:
            await self._client.aclose()

    def _unjoined_s(self, request: RoomRequest) -> int:
        return min(request.ttl_s, UNJOINED_S)

    def _dispatch(self, request: RoomRequest) -> api.RoomAgentDispatch:
        return api.RoomAgentDispatch(agent_name=self._agent_name, metadata=request.session_id)

    async def _asked(self, request: Callable[[api.LiveKitAPI], Awaitable[T]]) -> T | None:
        if self._client is None:
            # Not in the constructor: the client belongs to the loop that runs.
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            self._client = api.LiveKitAPI(self._server_url, self._key, self._secret, timeout=timeout)
        try:
            return await request(self._client)
        except api.ServerError as error:
            if error.code == api.ServerErrorCode.NOT_FOUND:
                return None
            raise RoomsError from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RoomsError from error
