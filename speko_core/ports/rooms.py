"""Where a caller and the agent meet, as a port: LiveKit rooms, or the embedded WebSocket."""

from dataclasses import dataclass
from typing import Literal, Protocol

Transport = Literal["websocket", "livekit", "text"]


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

    async def admit(self, request: RoomRequest) -> RoomAccess:
        """Prepare the room and mint the caller's credential.

        Raises:
            RoomsError: neither caller nor agent can join.
        """
        ...
