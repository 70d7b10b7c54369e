"""The embedded transport: the room is a WebSocket of the web role itself (docs/media-protocol.md), so it always exists.

Which worker answers is decided when the caller connects: none needs to be alive when a session is created.
"""

from speko_core.ports.rooms import RoomAccess, RoomRequest, Transport
from speko_core.sessions.tokens import mint_media_token


class EmbeddedRooms:
    """The `Rooms` port without a media server."""

    transport: Transport = "websocket"
    sends_agents = False

    def __init__(self, base_url: str) -> None:
        # http → ws, https → wss, and a path prefix stays.
        self._base_url = "ws" + base_url.removeprefix("http")

    async def admit(self, request: RoomRequest) -> RoomAccess:
        """The media address of the session, and a random single-use token."""
        return RoomAccess(f"{self._base_url}/v1/sessions/{request.session_id}/media", mint_media_token())

    async def open(self, request: RoomRequest) -> None:
        """Nothing to do: the address exists as long as the session."""

    async def close(self, room_name: str) -> None:
        """Nothing to do: the worker ends the socket."""

    async def aclose(self) -> None:
        """Nothing to release."""
