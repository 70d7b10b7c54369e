"""`WS /v1/transcribe/stream`: audio up, transcripts down (ONE-8). The wire is described in docs/transcribe-stream.md.

Two directions run side by side. A caller that talks faster than a provider hears is slowed down by its own socket; one
that does not take its transcripts is let go. When the caller leaves, the provider's call is cancelled at once.
"""

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import Final

import orjson
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from speko_core.errors import InvalidInput, SpekoError
from speko_core.ids import new_id
from speko_core.oneshot.listen import ListenCall, open_listen
from speko_core.oneshot.listen_schemas import Command, ListenInput
from speko_core.oneshot.parsing import parse_json
from speko_core.principal import Principal
from speko_core.types import JsonObject
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.envelope import error_body
from speko_gateway.streams.incoming import SCOPE

log = logging.getLogger("speko.gateway")

START_S: Final = 10.0
# Callers that have nothing to say send a `keepalive`.
IDLE_S: Final = 60.0
SEND_S: Final = 10.0
CLOSE_S: Final = 2.0
MAX_FRAME_BYTES: Final = 262_144
NORMAL, POLICY, INTERNAL = 1000, 1008, 1011


def routes() -> list[BaseRoute]:
    """The one route."""
    return [WebSocketRoute("/v1/transcribe/stream", transcribe_stream)]


async def transcribe_stream(caller: WebSocket) -> None:
    """Hear a conversation. Without a valid key the handshake is refused with the usual status and body."""
    principal = await principal_with(caller, SCOPE)
    await caller.accept()
    try:
        await _serve(caller, principal)
        await _close(caller, NORMAL)
    except WebSocketDisconnect:
        return
    except SpekoError as error:
        await _fail(caller, error)
    except Exception as error:
        reference = new_id("err")
        log.error("unhandled error in a socket", exc_info=error, extra={"reference": reference})
        await _fail(caller, SpekoError(f"Something went wrong on our side. Reference {reference}."))


async def _serve(caller: WebSocket, principal: Principal) -> None:
    call = await open_listen(deps_of(caller), principal, await _opening(caller))
    hearing = asyncio.create_task(_hear(caller, call))
    telling = asyncio.create_task(_tell(caller, call))
    try:
        # `hearing` goes on after the caller's last word and ends only in an exception.
        await asyncio.wait({hearing, telling}, return_when=asyncio.FIRST_COMPLETED)
        await (telling if telling.done() else hearing)
    finally:
        for task in (hearing, telling):
            task.cancel()
        await asyncio.gather(hearing, telling, return_exceptions=True)
        await call.aclose()


async def _opening(caller: WebSocket) -> ListenInput:
    frame = await _frame(caller, START_S)
    if isinstance(frame, bytes):
        raise InvalidInput("The first message must be JSON with the intent.")
    return parse_json(ListenInput, frame)


async def _hear(caller: WebSocket, call: ListenCall) -> None:
    """Take what the caller says until it ends or leaves. After its end only leaving is of interest."""
    ended = False
    while True:
        frame = await _frame(caller, None if ended else IDLE_S)
        if ended:
            continue
        if isinstance(frame, bytes):
            await call.hear(frame)
            continue
        match parse_json(Command, frame).type:
            case "finalize":
                await call.finish()
            case "end":
                ended = True
                await call.end()
            case "keepalive":
                pass


async def _frame(caller: WebSocket, within_s: float | None) -> str | bytes:
    """The next message.

    Raises:
        WebSocketDisconnect: the caller left.
        InvalidInput: it is too large, or none came in time.
    """
    try:
        async with asyncio.timeout(within_s):
            message = await caller.receive()
    except TimeoutError:
        raise InvalidInput(f"Nothing was said for {within_s:g} seconds.", "IDLE_TIMEOUT") from None
    if message["type"] != "websocket.receive":
        raise WebSocketDisconnect(message.get("code") or NORMAL)
    text, data = message.get("text"), message.get("bytes") or b""
    frame: str | bytes = text if text is not None else data
    if len(frame) > MAX_FRAME_BYTES:
        raise InvalidInput(f"A message may hold {MAX_FRAME_BYTES} bytes at most.", "FRAME_TOO_LARGE")
    return frame


async def _tell(caller: WebSocket, call: ListenCall) -> None:
    """Say who hears, then what was heard, then `done`."""
    told = call.meta()
    await _send(caller, "meta", told)
    await call.start()
    if call.meta() != told:
        await _send(caller, "meta", call.meta())
    async with aclosing(call.batches()) as batches:
        async for batch in batches:
            for event in batch:
                if (shown := call.wire(event)) is not None:
                    await _send(caller, *shown)
    await _send(caller, "done", call.result())


async def _send(caller: WebSocket, kind: str, fields: JsonObject) -> None:
    """Send one event.

    Raises:
        WebSocketDisconnect: the caller left, or takes nothing any more.
    """
    try:
        async with asyncio.timeout(SEND_S):
            await caller.send_text(orjson.dumps({"type": kind, **fields}).decode())
    except (TimeoutError, RuntimeError):
        raise WebSocketDisconnect(POLICY) from None


async def _fail(caller: WebSocket, error: SpekoError) -> None:
    with suppress(WebSocketDisconnect):
        await _send(caller, "error", error_body(error.message, error.code, error))
    await _close(caller, POLICY if error.status < 500 else INTERNAL)


async def _close(caller: WebSocket, code: int) -> None:
    if WebSocketState.DISCONNECTED in (caller.client_state, caller.application_state):
        return
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):  # it went away meanwhile
        async with asyncio.timeout(CLOSE_S):
            await caller.close(code)
