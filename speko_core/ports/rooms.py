"""Where a caller and the agent meet, as a port: LiveKit rooms, or the embedded WebSocket."""

from dataclasses import dataclass
from typing import Literal, Protocol

Transport = Literal["websocket", "livekit", "text", "realtime"]


@dataclass(frozen=True)
class RoomRequest:
    """One caller to admit: the credential it gets lives `ttl_s` seconds."""

    session_id: str
    room_name: str
    identity: str
    ttl_s: int


@dataclass(frozen=True)
class RoomAccess:
    """What the caller needs to join; the token is shown once."""

    url: str
    token: str


class RoomsError(Exception):
    """No room can be had now, or the agent cannot be sent into it."""


class Rooms(Protocol):
    """The media transport of this installation."""

    @property
    def transport(self) -> Transport:
        """Which wire `RoomAccess` speaks."""
        ...

    @property
    def sends_agents(self) -> bool:
        """True where a worker must be there when a room is opened, not only when the caller comes."""
        ...

    async def admit(self, request: RoomRequest) -> RoomAccess:
        """Mint the caller's credential. Asks nobody over the network: a transaction is open.

        Raises:
            RoomsError: there is no transport.
        """
        ...

    async def open(self, request: RoomRequest) -> None:
        """Make the room and send the agent there. The session is stored by then: the agent asks for it at once.

        Raises:
            RoomsError: nothing was made, or it has been taken back as far as the server could be reached.
        """
        ...

    async def close(self, room_name: str) -> None:
        """Send everybody out and remove the room; nothing when there is none.

        Raises:
            RoomsError: the server could not be asked. An abandoned room ends by itself.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
