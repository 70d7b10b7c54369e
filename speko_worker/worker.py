"""A worker process: which calls it runs, how full it is, how it drains."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import httpx
from starlette.websockets import WebSocket

from speko_worker.backoff import Backoff
from speko_worker.call import Call, CallOptions
from speko_worker.frames import CLOSE_CODES, SUBPROTOCOL, EndReason
from speko_worker.gateway import GatewayError, Registration, SessionApi, WorkerApi
from speko_worker.journal import leftovers
from speko_worker.media.websocket import WebSocketMedia
from speko_worker.pipeline import build_vad
from speko_worker.recording.call import remove_leftovers
from speko_worker.rooms.agents import RoomAgents, RoomsOptions

logger = logging.getLogger("speko.worker")

# One event loop carries about ten conversations before its VAD falls behind real time on a slow core.
DEFAULT_CAPACITY = 8
REGISTER_S = 2.0
FIRST_RETRY_S = 0.2
# A worker whose last registration is older than this is not reachable through the gateway.
REGISTRATION_VALID_S = 10.0
# A call whose process died waits this long for its end; looking costs a listing of two folders.
RECOVER_EVERY_S = 5.0
VAD_THREADS = 2

_CLAIM_CLOSE = {404: 4404, 409: 4409, 410: 4408}
_UNAVAILABLE = 1011


@dataclass(frozen=True)
class WorkerOptions:
    """What a worker process needs to know. `address` is where the gateway reaches it, like `ws://127.0.0.1:8486`.

    `capacity` counts calls of both transports, `rooms` is None without a LiveKit server.
    """

    call: CallOptions
    address: str
    capacity: int = DEFAULT_CAPACITY
    rooms: RoomsOptions | None = None


class Worker:
    """Accepts callers up to its capacity and owns everything they need."""

    def __init__(self, options: WorkerOptions, http: httpx.AsyncClient) -> None:
        self.options = options
        self.instance_id = f"wrk_{uuid4().hex[:12]}"
        self._http = http
        self._api = WorkerApi(http, options.call.gateway_url, options.call.token)
        self._calls: dict[str, Call] = {}
        self._active: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()
        self._registered_at: float | None = None
        self.rooms = RoomAgents(options.rooms, options.call, self._is_full) if options.rooms else None
        self._vad_threads = ThreadPoolExecutor(VAD_THREADS, thread_name_prefix="speko.vad")

    @property
    def active(self) -> int:
        """Calls being run or reported, on both transports."""
        return len(self._active) + (self.rooms.active if self.rooms else 0)

    @property
    def is_ready(self) -> bool:
        """True while the gateway, and the LiveKit server where there is one, know this worker and it takes calls."""
        if not self._takes_calls or self._registered_at is None:
            return False
        return asyncio.get_running_loop().time() - self._registered_at < REGISTRATION_VALID_S

    async def serve_caller(self, socket: WebSocket, session_id: str) -> None:
        """Run the call of one accepted connection to its end, reporting included."""
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope.get("subprotocols", ()) else None)
        if self._draining.is_set():
            await socket.close(CLOSE_CODES[EndReason.DRAIN])
            return
        if self._is_full() or session_id in self._active:
            await socket.close(_UNAVAILABLE if session_id not in self._active else 4409)
            return
        self._active.add(session_id)
        self._idle.clear()
        try:
            await self._claim_and_run(socket, session_id)
        finally:
            self._active.discard(session_id)
            if not self._active:
                self._idle.set()

    async def drain(self) -> None:
        """Take no more calls, end the running ones, report them; bounded by the drain timeout."""
        self._draining.set()
        for call in list(self._calls.values()):
            call.stop(EndReason.DRAIN)
        await asyncio.gather(self._until_idle(), *([self.rooms.drain()] if self.rooms else []))
        self._vad_threads.shutdown(wait=False, cancel_futures=True)

    async def _until_idle(self) -> None:
        try:
            async with asyncio.timeout(self.options.call.drain_timeout_s):
                await self._idle.wait()
        except TimeoutError:
            logger.warning("calls were still open at the end of the drain", extra={"calls": len(self._active)})

    async def keep_registered(self) -> None:
        """Tell the gateway every two seconds where this worker is and how full; runs until cancelled.

        A gateway that is only just starting is asked again sooner.
        """
        pause = Backoff(first_s=FIRST_RETRY_S, most_s=REGISTER_S)
        while True:
            try:
                await self._api.heartbeat(self._registration())
            except GatewayError as failure:
                logger.info("gateway did not take the registration", extra={"code": failure.code})
                await asyncio.sleep(pause.next())
            else:
                self._registered_at = asyncio.get_running_loop().time()
                pause.reset()
                await asyncio.sleep(REGISTER_S)

    async def keep_recovering(self) -> None:
        """Report what lost processes left on disk, now and then again; runs until cancelled."""
        while True:
            folders, is_active = self.options.call, self._active.__contains__
            await asyncio.to_thread(remove_leftovers, folders.recordings_folder, is_active)
            for leftover in await asyncio.to_thread(leftovers, folders.journal_folder, is_active):
                api = self._session_api(leftover.session_id, leftover.token)
                try:
                    if leftover.turns:
                        await api.post_turns(leftover.turns)
                    await api.finish(leftover.end.status, leftover.end.reason, leftover.end.error)
                    await api.recording_failed()
                except GatewayError as failure:
                    if not failure.is_final:
                        break
                    logger.warning("gateway refused recovered turns", extra={"code": failure.code})
                leftover.path.unlink(missing_ok=True)
            await asyncio.sleep(RECOVER_EVERY_S)

    def _registration(self) -> Registration:
        return Registration(
            instance_id=self.instance_id,
            address=self.options.address,
            capacity=self.options.capacity,
            active=self.active,
            ready=self._takes_calls,
        )

    @property
    def _takes_calls(self) -> bool:
        return not self._draining.is_set() and (self.rooms is None or self.rooms.is_ready)

    def _is_full(self) -> bool:
        return self.active >= self.options.capacity

    def _session_api(self, session_id: str, token: str) -> SessionApi:
        return SessionApi(self._http, self.options.call.gateway_url, session_id, token, self.instance_id)

    async def _claim_and_run(self, socket: WebSocket, session_id: str) -> None:
        try:
            claim = await self._api.claim(session_id, self.instance_id)
        except GatewayError as failure:
            logger.warning("session was not claimed", extra={"code": failure.code})
            await socket.close(_CLAIM_CLOSE.get(failure.status or 0, _UNAVAILABLE))
            return
        plan = claim.plan
        media = WebSocketMedia(socket, input_rate=plan.input_sample_rate, output_rate=plan.output_sample_rate)
        call = Call(self.options.call, self._http, claim, media, build_vad(self._vad_threads), self.instance_id)
        self._calls[session_id] = call
        if self._draining.is_set():
            call.stop(EndReason.DRAIN)
        try:
            await call.run()
        finally:
            self._calls.pop(session_id, None)
        await call.report(draining=self._draining.is_set())
