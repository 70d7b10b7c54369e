"""The embedded media socket: the caller's WebSocket, relayed frame by frame to the worker that runs the session.

Frames are not looked into. A side that reads slowly slows the other down: nothing is queued here but one frame a
direction, and what the two sockets buffer is bounded. When either side ends, both end.
"""

import asyncio
import logging
from contextlib import suppress

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from speko_core.deps import Deps
from speko_core.sessions.admission import Admission, NotAdmitted, Refusal, admit, give_token_back, use_token
from speko_gateway.auth import deps_of

logger = logging.getLogger(__name__)

SUBPROTOCOL = Subprotocol("speko.media.v1")
# 20 ms of audio is about 1 KB; a typed turn or a long transcript still fits.
MAX_FRAME_BYTES = 256 * 1024
DIAL_TIMEOUT_S = 3.0
SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
PING_S = 10.0
# Frames that the client library reads ahead of us before it stops reading from the worker.
READ_AHEAD = 16
NORMAL, GOING_AWAY, TOO_BIG = 1000, 1001, 1009
# What a worker may tell a caller; every other end of its socket is a lost worker.
_PASSED_ON = frozenset({NORMAL, GOING_AWAY, *(refusal.value for refusal in Refusal if refusal != Refusal.BAD_TOKEN)})
_REASONS = {
    Refusal.NO_WORKER: "no voice worker is available",
    Refusal.BAD_TOKEN: "bad or expired token",
    Refusal.NO_SESSION: "no such session",
    Refusal.OVER: "the session is over",
    Refusal.USED: "the token was already used",
}


def routes() -> list[BaseRoute]:
    """The one route of the media socket."""
    return [WebSocketRoute("/v1/sessions/{id}/media", media)]


async def media(caller: WebSocket) -> None:
    """Admit the caller, dial a worker, relay until either side ends."""
    deps = deps_of(caller)
    offered: list[str] = list(caller.scope.get("subprotocols", ()))
    # Accepted even when refused: a browser learns the close code only of an open socket.
    await caller.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    try:
        admission = await admit(deps, caller.path_params["id"], _token(offered))
        await use_token(deps, admission)
    except NotAdmitted as refused:
        await _close_caller(caller, refused.refusal.value, _REASONS[refused.refusal])
        return
    code = Refusal.NO_WORKER.value
    try:
        code = await _run(deps, caller, admission)
    finally:
        if code == Refusal.NO_WORKER:
            await give_token_back(deps, admission)
        await _close_caller(caller, code)


def _token(offered: list[str]) -> str:
    tokens = [protocol for protocol in offered if protocol != SUBPROTOCOL]
    if SUBPROTOCOL not in offered or len(tokens) != 1:
        raise NotAdmitted(Refusal.BAD_TOKEN)
    return tokens[0]


async def _run(deps: Deps, caller: WebSocket, admission: Admission) -> int:
    """Relay to the first worker that answers; returns the close code for the caller."""
    for address in admission.workers:
        worker = await _dial(address, admission.session_id, deps.worker_token)
        if worker is not None:
            break
        logger.warning("a worker with a fresh lease did not answer", extra={"session_id": admission.session_id})
    else:
        return Refusal.NO_WORKER
    try:
        async with asyncio.timeout(admission.remaining_s(deps.clock.now(), deps.settings.session_grace_s)):
            return await _relay(caller, worker)
    except TimeoutError:
        return Refusal.OVER
    finally:
        await _close_worker(worker)


async def _dial(address: str, session_id: str, token: str) -> ClientConnection | None:
    try:
        return await connect(
            f"{address.rstrip('/')}/media/{session_id}",
            additional_headers={"Authorization": f"Bearer {token}"},
            subprotocols=[SUBPROTOCOL],
            open_timeout=DIAL_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            max_size=MAX_FRAME_BYTES,
            max_queue=READ_AHEAD,
            compression=None,
            proxy=None,
        )
    except (OSError, TimeoutError, InvalidHandshake):
        return None


async def _close_worker(worker: ClientConnection) -> None:
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await worker.close(GOING_AWAY)
    finally:
        # A worker that is blocked sending to us never answers the closing handshake.
        worker.transport.abort()


async def _relay(caller: WebSocket, worker: ClientConnection) -> int:
    """Run both directions until one ends; the other is cancelled and awaited. The worker's word on the end wins."""
    from_worker = asyncio.create_task(_worker_to_caller(caller, worker))
    from_caller = asyncio.create_task(_caller_to_worker(caller, worker))
    both = (from_worker, from_caller)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finished = from_worker if from_worker.done() else from_caller
        return await finished
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def _caller_to_worker(caller: WebSocket, worker: ClientConnection) -> int:
    while True:
        message = await caller.receive()
        if message["type"] != "websocket.receive":
            return NORMAL
        data = message.get("bytes")
        frame: bytes | str = data if data is not None else message["text"]
        if len(frame) > MAX_FRAME_BYTES:
            return TOO_BIG
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await worker.send(frame)
        except ConnectionClosed:
            return _code(worker)
        except TimeoutError:
            return Refusal.NO_WORKER


async def _worker_to_caller(caller: WebSocket, worker: ClientConnection) -> int:
    try:
        async for frame in worker:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await (caller.send_bytes(frame) if isinstance(frame, bytes) else caller.send_text(frame))
    except ConnectionClosed:
        return _code(worker)
    except (WebSocketDisconnect, RuntimeError, TimeoutError):  # the caller is gone, or takes nothing any more
        return NORMAL
    return _code(worker)


def _code(worker: ClientConnection) -> int:
    return worker.close_code if worker.close_code in _PASSED_ON else Refusal.NO_WORKER


async def _close_caller(caller: WebSocket, code: int, reason: str = "") -> None:
    if WebSocketState.DISCONNECTED in (caller.client_state, caller.application_state):
        return
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):  # it went away meanwhile
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await caller.close(code, reason)
