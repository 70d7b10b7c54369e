"""Reading a request's body ahead of whoever answers it, and which tool it calls."""

import json

from starlette.types import Message, Receive


class Body:
    """The start of a request's body, read ahead and given again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []
        self._given = 0

    async def read(self, limit: int) -> bytes:
        """The whole body, or nothing when it is larger than `limit` or the client left. Call it once."""
        content: bytes = b""
        while len(content) <= limit:
            message = await self._receive()
            self._read.append(message)
            if message["type"] != "http.request":
                return b""
            content += message.get("body", b"")
            if not message.get("more_body", False):
                return content if len(content) <= limit else b""
        return b""

    async def replay(self) -> Message:
        """The messages that were read ahead, then those that follow."""
        if self._given < len(self._read):
            self._given += 1
            return self._read[self._given - 1]
        return await self._receive()


def message_in(content: bytes) -> object:
    """The message, or None where it is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def at(value: object, *keys: str) -> object:
    """What stands under these keys, None where there is no such thing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def called_tool(message: object, calling: str) -> str | None:
    """The tool that a message calls; inside `calling`, which calls tools by name, the one it calls."""
    if at(message, "method") != "tools/call":
        return None
    name = at(message, "params", "name")
    if name == calling:
        name = at(message, "params", "arguments", "name")
    return name if isinstance(name, str) else None
