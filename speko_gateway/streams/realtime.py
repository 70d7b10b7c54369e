"""`WS /v1/sessions/{id}/realtime`: a conversation with a speech-to-speech model (SES-6). The wire is docs/realtime.md.

Browsers cannot set headers on a WebSocket, so the session's token is its one subprotocol; it is echoed, as they demand.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final

import orjson
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from speko_core.ids import new_id
from speko_core.realtime import frames
from speko_core.realtime.bridge import Bridge
from speko_core.realtime.endings import INTERNAL, LEFT, Ending, Over
from speko_core.realtime.life import Life, admitted
from speko_core.sessions.admission import NotAdmitted, Refusal
from speko_core.types import JsonObject
from speko_gateway.auth import deps_of
from speko_gateway.streams.conversations import Conversations

log = logging.getLogger("speko.gateway")

# A caller that takes nothing for so long has gone without saying so.
SEND_S: Final = 10.0
CLOSE_S: Final = 2.0
_REFUSALS: Final = {
    Refusal.BAD_TOKEN: "The token is wrong or has expired.",
    Refusal.NO_SESSION: "There is no such session.",
    Refusal.OVER: "The session is over.",
    Refusal.USED: "The token was used already; create another session.",
}


def routes() -> list[BaseRoute]:
    """The one route."""
    return [WebSocketRoute("/v1/sessions/{id}/realtime", realtime)]


async def realtime(websocket: WebSocket) -> None:
    """Admit the caller, and hold the conversation until either side ends it."""
    offered: list[str] = list(websocket.scope.get("subprotocols", ()))
    # Accepted even when refused: a browser learns the close code only of an open socket.
    await websocket.accept(offered[0] if offered else None)
    caller = CallerSocket(websocket)
    try:
        life = await admitted(deps_of(websocket), websocket.path_params["id"], offered[0] if offered else "")
    except NotAdmitted as refused:
        await caller.refuse(refused.refusal)
        return
    await _converse(websocket, caller, life)


async def _converse(websocket: WebSocket, caller: "CallerSocket", life: Life) -> None:
    conversations: Conversations = websocket.app.state.conversations
    bridge, ending = Bridge(life, caller), INTERNAL
    try:
        with conversations.holding(bridge):
            ending = await bridge.run()
    except Exception as error:
        log.error("unhandled error in a socket", exc_info=error, extra={"reference": new_id("err")})
        bridge.fail()
    finally:
        await caller.close(ending)
        await bridge.close()


class CallerSocket:
    """The `Caller` of a bridge over a WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes | None:
        """See `Caller`."""
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            return None
        text: str | None = message.get("text")
        data: bytes = message.get("bytes") or b""
        return text if text is not None else data

    async def send(self, frame: JsonObject) -> None:
        """See `Caller`."""
        await self._sent({"type": "websocket.send", "text": orjson.dumps(frame).decode()})

    async def play(self, pcm: bytes) -> None:
        """See `Caller`."""
        await self._sent({"type": "websocket.send", "bytes": pcm})

    async def _sent(self, message: dict[str, str | bytes]) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._websocket.send(message)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            raise Over(LEFT) from None

    async def refuse(self, refusal: Refusal) -> None:
        """Tell why the caller is not let in."""
        with suppress(Over):
            await self.send(frames.error(refusal.name, _REFUSALS.get(refusal, "The session cannot be joined.")))
            await self.send(frames.end("refused"))
        await self._close(refusal.value)

    async def close(self, ending: Ending) -> None:
        """Close the socket, if the caller has not."""
        await self._close(ending.close.value)

    async def _close(self, code: int) -> None:
        if WebSocketState.DISCONNECTED in (self._websocket.client_state, self._websocket.application_state):
            return
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):  # it went away meanwhile
            async with asyncio.timeout(CLOSE_S):
                await self._websocket.close(code)
