"""Server-sent events, the receiving side."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from speko_core.types import JsonObject

MAX_FRAME_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class SseEvent:
    """One event; `data` is the parsed JSON object of its data lines."""

    name: str
    data: JsonObject

    @classmethod
    def of_message(cls, message: str | bytes) -> Self:
        """The same as a JSON message of a socket, named by its `type`.

        Raises:
            ValueError: not a JSON object.
        """
        data = json.loads(message)
        if not isinstance(data, dict):
            raise ValueError("The gateway sent a message that is not a JSON object.")
        return cls(str(data.get("type")), data)


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncIterator[SseEvent]:
    """Yield events as they complete; comments and frames without a JSON object are skipped.

    Raises:
        ValueError: a frame grows past 4 MiB.
    """
    pending = b""
    async for chunk in chunks:
        pending = (pending + chunk).replace(b"\r\n", b"\n")
        *frames, pending = pending.split(b"\n\n")
        if len(pending) > MAX_FRAME_BYTES:
            raise ValueError("server-sent event is too large")
        for frame in frames:
            if event := _parse(frame):
                yield event
    if event := _parse(pending):
        yield event


def _parse(frame: bytes) -> SseEvent | None:
    name, data = "message", []
    for line in frame.decode("utf-8", "replace").split("\n"):
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))
    try:
        parsed = json.loads("\n".join(data))
    except json.JSONDecodeError:
        return None
    return SseEvent(name, parsed) if isinstance(parsed, dict) else None
