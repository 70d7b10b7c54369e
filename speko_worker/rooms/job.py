"""One call in a room, from the dispatch to the last report; runs in a process of its own.

The framework calls `enter` when a job arrives and `leave` when it is over for whatever reason: the call ended, the room
was closed, or the worker drains. `enter` returns at once, because past a closed room the framework grants an
entrypoint fifteen seconds, and `leave` as long as reporting takes.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import httpx
from livekit import api, rtc
from livekit.agents import AutoSubscribe, JobContext, JobProcess

from speko_worker.backoff import Backoff
from speko_worker.call import Call, CallOptions
from speko_worker.frames import EndReason
from speko_worker.gateway import Claim, GatewayError, WorkerApi
from speko_worker.http import gateway_client
from speko_worker.logs import keep_content_out_of_logs
from speko_worker.pipeline import build_vad
from speko_worker.rooms.media import RoomMedia
from speko_worker.rooms.packets import PacketReader

logger = logging.getLogger("speko.worker.rooms")

CONNECT_TIMEOUT_S = 10.0
CLAIM_BUDGET_S = 10.0
STOP_TIMEOUT_S = 15.0
DELETE_TIMEOUT_S = 3.0
_HTTP, _CALL = "speko.http", "speko.call"
_CALLERS = (rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD, rtc.ParticipantKind.PARTICIPANT_KIND_SIP)


def prepare(process: JobProcess) -> None:
    """Make a process ready for a call that is not there yet."""
    keep_content_out_of_logs()
    # Reading the system's certificates takes a tenth of a second.
    process.userdata[_HTTP] = gateway_client()


async def enter(options: CallOptions, context: JobContext) -> None:
    """Join the room; the call goes on after this returns."""
    call = RoomCall(options, context)
    context.proc.userdata[_CALL] = call
    await call.join()


async def leave(context: JobContext) -> None:
    """Bring the call to its end and report it."""
    call = context.proc.userdata.get(_CALL)
    if isinstance(call, RoomCall):
        await call.finish()


class RoomCall:
    """A job: wait for the caller, claim the session, carry it out, report."""

    def __init__(self, options: CallOptions, context: JobContext) -> None:
        self._options, self._context = options, context
        self._room = context.room
        self._inbox = PacketReader(context.room)
        self._session_id = context.job.metadata
        self._http: httpx.AsyncClient = context.proc.userdata[_HTTP]
        self._vad_thread = ThreadPoolExecutor(1, thread_name_prefix="speko.vad")
        self._call: Call | None = None
        self._task: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Connect, and begin to wait for the caller."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._context.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
        except (rtc.ConnectError, TimeoutError):
            logger.warning("the room could not be joined")
            self._context.shutdown("not joined")
            return
        self._task = asyncio.create_task(self._carry_out(), name="speko.rooms.call")
        self._task.add_done_callback(lambda _: self._context.shutdown("over"))

    async def finish(self) -> None:
        """Stop a call that still runs, report it, release the connections."""
        # A room that is still there means that the worker goes away, not the caller.
        draining = self._room.isconnected() and self._task is not None and not self._task.done()
        if self._call is None:
            await self._stop_waiting()
        else:
            self._call.stop(EndReason.DRAIN if draining else EndReason.USER)
            await self._over()
            await self._call.report(draining=draining)
        await self._http.aclose()
        self._vad_thread.shutdown(wait=False, cancel_futures=True)

    async def _stop_waiting(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _over(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=STOP_TIMEOUT_S)
            await self._stop_waiting()

    async def _carry_out(self) -> None:
        caller = await self._caller()
        claim = await self._claim()
        if claim is None:
            return
        plan = claim.plan
        media = RoomMedia(
            self._room,
            caller,
            self._inbox,
            self._remove_room,
            input_rate=plan.input_sample_rate,
            output_rate=plan.output_sample_rate,
        )
        vad = build_vad(self._vad_thread)
        self._call = Call(self._options, self._http, claim, media, vad, self._context.worker_id)
        await media.open()
        await self._call.run()

    async def _caller(self) -> str:
        """The identity of the first caller; the job is over when the room closes before one comes."""
        arrived: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def _look(participant: rtc.RemoteParticipant) -> None:
            if participant.kind in _CALLERS and not arrived.done():
                arrived.set_result(participant.identity)

        self._room.on("participant_connected", _look)
        for present in self._room.remote_participants.values():
            _look(present)
        try:
            return await arrived
        finally:
            self._room.off("participant_connected", _look)

    async def _claim(self) -> Claim | None:
        """The session's plan; None when it is not ours to carry out, and nobody is left waiting in its room."""
        gateway = WorkerApi(self._http, self._options.gateway_url, self._options.token)
        pause = Backoff()
        try:
            async with asyncio.timeout(CLAIM_BUDGET_S):
                while True:
                    try:
                        return await gateway.claim(self._session_id, self._context.worker_id)
                    except GatewayError as failure:
                        logger.warning("session was not claimed", extra={"code": failure.code})
                        if failure.code == "SESSION_ALREADY_CLAIMED":
                            return None
                        if failure.is_final:
                            break
                        await asyncio.sleep(pause.next())
        except TimeoutError:
            logger.warning("gateway did not answer the claim in time")
        await self._remove_room()
        return None

    async def _remove_room(self) -> None:
        """A room without its agent would keep the caller waiting in silence."""
        if not self._room.isconnected():
            return
        request = api.DeleteRoomRequest(room=self._room.name)
        try:
            async with asyncio.timeout(DELETE_TIMEOUT_S):
                await self._context.api.room.delete_room(request)
        except (api.ServerError, aiohttp.ClientError, TimeoutError):
            logger.warning("the room could not be removed")
