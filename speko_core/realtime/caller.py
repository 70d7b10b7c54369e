"""The caller's side of a conversation, as a port."""

from typing import Protocol

from speko_core.types import JsonObject


class Caller(Protocol):
    """The caller's socket."""

    async def receive(self) -> str | bytes | None:
        """The next frame; None when the caller has left."""
        ...

    async def send(self, frame: JsonObject) -> None:
        """Send a frame.

        Raises:
            Over: the caller has left, or takes nothing any more.
        """
        ...

    async def play(self, pcm: bytes) -> None:
        """Send audio; as `send`."""
        ...
