"""How a one-shot call is answered: as events, as one JSON object, or as audio.

Until the first real event nothing is sent, so that failover stays invisible, a failure has its own status, and the
routing headers are right. Only when that takes longer than `HOLD_S` an event stream begins anyway, naming the
candidate being tried; its `meta` event then tells which one answered.
"""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import aclosing
from typing import Generic, TypeVar

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from speko_core.errors import SpekoError
from speko_core.ids import new_id
from speko_core.oneshot.call import BEAT_S
from speko_core.oneshot.streamed import Answering, Streamed
from speko_core.oneshot.synthesize import SynthesizeCall
from speko_gateway.envelope import error_body
from speko_gateway.streams import sse

log = logging.getLogger("speko.gateway")

E = TypeVar("E")
C = TypeVar("C", bound=Answering)  # type: ignore[type-arg]  # a bound cannot be generic
HOLD_S = 10.0


class AnswerAborted(Exception):
    """Raised into the server after the response began: it closes the connection, so a client sees the cut."""


class CallResponse(Response, Generic[C]):
    """Serves one call and owns it: a client that goes away cancels the work, and the upstream call with it."""

    def __init__(self, call: C, hold_s: float = HOLD_S, beat_s: float = BEAT_S) -> None:
        super().__init__()
        self._call, self._hold_s, self._beat_s = call, hold_s, beat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the answer is whole or the client is gone."""
        client = _Client(receive)
        try:
            await self._serve(send)
        except asyncio.CancelledError:
            if not client.has_left:
                raise
        finally:
            client.may_leave()
            await self._call.aclose()
            client.close()

    @abstractmethod
    async def _serve(self, send: Send) -> None:
        """Send the answer."""

    def _routing_headers(self) -> Mapping[str, str]:
        """What the answer says about its routing."""
        return self._call.headers


class _Client:
    """Cancels the task that serves it when it goes away, until it is told that it may."""

    def __init__(self, receive: Receive) -> None:
        self.has_left = False
        self._served_by = asyncio.current_task()
        self._watch = asyncio.create_task(_disconnected(receive))
        self._watch.add_done_callback(self._leave)

    def _leave(self, watch: "asyncio.Task[None]") -> None:
        if self._served_by is not None and not watch.cancelled():
            self.has_left = True
            self._served_by.cancel()

    def may_leave(self) -> None:
        """What is left to do is done whether or not the client is there."""
        if self.has_left and self._served_by is not None:
            self._served_by.uncancel()
        self._served_by = None

    def close(self) -> None:
        """Stop watching. The watch has nothing to clean up, so nobody waits for its end."""
        if not self._watch.cancel() and not self._watch.cancelled():
            self._watch.exception()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel and wait; an outcome nobody is there to hear any more is dropped."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()


async def _begin(send: Send, headers: Mapping[str, str]) -> None:
    raw = [(name.lower().encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})


def _body(send: Send, data: bytes, more: bool = True) -> Awaitable[None]:
    return send({"type": "http.response.body", "body": data, "more_body": more})


class WholeAnswer(CallResponse[C], Generic[C]):
    """The result in one piece, in a form that the subclass says."""

    async def _serve(self, send: Send) -> None:
        await self._call.collect()
        content_type, body = self._whole()
        length = {"Content-Type": content_type, "Content-Length": str(len(body))}
        await _begin(send, {**length, **self._routing_headers()})
        await _body(send, body, more=False)

    @abstractmethod
    def _whole(self) -> tuple[str, bytes]:
        """Content type and body."""


class JsonAnswer(WholeAnswer[Streamed[E]], Generic[E]):
    """The whole result as one object, for `Accept: application/json` (ONE-2)."""

    def _whole(self) -> tuple[str, bytes]:
        return "application/json", orjson.dumps(self._call.result())


class StreamAnswer(CallResponse[C], Generic[C, E]):
    """Events as they come, in words that the subclass says."""

    _begun = False

    async def _serve(self, send: Send) -> None:
        await _body(send, await self._events(send), more=False)

    async def _events(self, send: Send) -> bytes:
        """Send everything but the last event, which is returned. Before anything was sent, failures are raised."""
        try:
            await self._start(send)
            opening = self._first()
            async with aclosing(self._call.batches(self._beat_s)) as batches:
                async for batch in batches:
                    await _body(send, opening + self._frames(batch) or sse.PING)
                    opening = b""
            return self._last()
        except SpekoError as error:
            if not self._begun:
                raise
            return self._failed(error)
        except Exception as error:
            if not self._begun:
                raise
            reference = new_id("err")
            log.error("unhandled error in a stream", exc_info=error, extra={"reference": reference})
            return self._failed(SpekoError(f"Something went wrong on our side. Reference {reference}."))

    async def _start(self, send: Send) -> None:
        """Wait for the first real event; when that takes long, begin before it and send comments."""
        loop, early = asyncio.get_running_loop(), list[asyncio.Task[None]]()
        hold = loop.call_later(self._hold_s, lambda: early.append(asyncio.create_task(self._begin_early(send))))
        try:
            await self._call.start()
        finally:
            hold.cancel()
            for beats in early:
                await _end(beats)
        if not self._begun:
            await self._begin(send)

    async def _begin_early(self, send: Send) -> None:
        await self._begin(send)
        while True:
            await _body(send, sse.PING)
            await asyncio.sleep(self._beat_s)

    async def _begin(self, send: Send) -> None:
        await _begin(send, {**sse.HEADERS, **self._routing_headers()})
        self._begun = True

    @abstractmethod
    def _first(self) -> bytes:
        """What comes before the first event."""

    @abstractmethod
    def _frames(self, batch: Sequence[E]) -> bytes:
        """Some events; empty for those that are not shown."""

    @abstractmethod
    def _last(self) -> bytes:
        """The end of a whole answer."""

    @abstractmethod
    def _failed(self, error: SpekoError) -> bytes:
        """The end of one that is not whole."""


class EventAnswer(StreamAnswer[Streamed[E], E], Generic[E]):
    """`meta` first, `done` or `error` last."""

    def _first(self) -> bytes:
        return sse.frame("meta", self._call.meta())

    def _last(self) -> bytes:
        return sse.frame("done", self._call.result())

    def _failed(self, error: SpekoError) -> bytes:
        return sse.frame("error", error_body(error.message, error.code, error))

    def _frames(self, batch: Sequence[E]) -> bytes:
        shown = [self._call.wire(event) for event in batch]
        return b"".join([sse.frame(*event) for event in shown if event is not None])


class AudioAnswer(CallResponse[SynthesizeCall]):
    """Audio bytes as they come. After the first one, a failure cuts the connection (ONE-6)."""

    async def _serve(self, send: Send) -> None:
        await self._call.start()
        begun = False
        try:
            async with aclosing(self._call.batches(self._beat_s)) as batches:
                async for batch in batches:
                    if not begun:
                        await _begin(send, self._opening())
                        begun = True
                    if batch:
                        await _body(send, b"".join(chunk.data for chunk in batch))
        except SpekoError as error:
            if not begun:
                raise
            raise AnswerAborted(error.code) from None
        await _body(send, b"", more=False)

    def _opening(self) -> dict[str, str]:
        kind = self._call.content_type
        quiet = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return {"Content-Type": kind, "X-Speko-Audio-Format": kind, **quiet, **self._routing_headers()}
