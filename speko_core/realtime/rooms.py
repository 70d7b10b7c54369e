"""The `Rooms` port of a speech-to-speech session: a WebSocket of the web role itself, which holds the conversation."""

from speko_core.ports.rooms import RoomAccess, RoomRequest, Transport
from speko_core.sessions.tokens import mint_media_token

TRANSPORT: Transport = "realtime"


class RealtimeRooms:
    """The `Rooms` port without a room: nobody joins but the caller."""

    transport: Transport = TRANSPORT
    sends_agents = False

    def __init__(self, base_url: str) -> None:
        # http → ws, https → wss, and a path prefix stays.
        self._base_url = "ws" + base_url.removeprefix("http")

    async def admit(self, request: RoomRequest) -> RoomAccess:
        """The address of the session's socket, and a random single-use token."""
        return RoomAccess(f"{self._base_url}/v1/sessions/{request.session_id}/realtime", mint_media_token())

    async def open(self, request: RoomRequest) -> None:
        """Nothing to do: the address exists as long as the session."""

    async def close(self, room_name: str) -> None:
        """Nothing to do: whoever holds the conversation ends the socket."""

    async def aclose(self) -> None:
        """Nothing to release."""
