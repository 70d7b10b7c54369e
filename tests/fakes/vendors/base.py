"""The server under every fake vendor: recorded requests, told behaviour, watched connections.

A vendor's fake subclasses `FakeVendor`: `routes()` with handlers that check the request as the vendor does and end in
`return self.play(request, Played(...))`, and `error_body()` in the vendor's shape.
"""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from speko_core.types import JsonObject
from tests.fakes.vendors.behaviour import WELL, Behaviour, Trouble
from tests.serving import served

DEADLINE_S = 5.0

# A hang-up reaches the vendor within 100 ms on a free machine; a busy one must not fail the suite.
PROMPTLY_S = 1.0


@dataclass(frozen=True)
class Seen:
    """A request as it arrived. `connection` is the caller's port: equal ports are one kept-alive connection."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> JsonObject:
        """The body of a JSON request."""
        found: JsonObject = orjson.loads(self.body)
        return found


@dataclass(frozen=True)
class Played:
    """A good answer in the pieces in which it is sent, and how this vendor's bad ones look."""

    pieces: Sequence[bytes]
    content_type: str
    empty: Sequence[bytes] = ()
    malformed: bytes = b"\x00not what it says\n\n"
    part: int = 1  # how many pieces come before an answer goes wrong
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeVendor(ABC):
    """One vendor on a free port while `serving()` runs. `key` is the only key it takes."""

    vendor: ClassVar[str]
    key: str = "vendor-key-1"

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.always: Behaviour = WELL
        self.url = ""
        self.asked = asyncio.Event()  # an answer is being played
        self.hung_up = asyncio.Event()
        self.hung_up_at = 0.0
        self.answering = 0
        self._next: deque[Behaviour] = deque()

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's paths."""

    @abstractmethod
    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        """An error in the vendor's shape; `code` None means the vendor's usual word for the status."""

    def then(self, *behaviours: Behaviour) -> None:
        """What to do for the next requests, one each; `always` holds after them."""
        self._next.extend(behaviours)

    @property
    def websocket_url(self) -> str:
        """The same server for WebSockets."""
        return self.url.replace("http", "ws", 1)

    async def record(self, request: Request) -> Seen:
        """Remember a request; the first thing every handler does."""
        seen = Seen(
            request.method,
            request.url.path,
            request.query_params.multi_items(),
            dict(request.headers),
            await request.body(),
            request.client.port if request.client else 0,
        )
        self.seen.append(seen)
        return seen

    def behave(self) -> Behaviour:
        """Take the instruction for this request; `play` does, WebSocket handlers call it themselves."""
        return self._next.popleft() if self._next else self.always

    def error(
        self, status: int, code: str | None = None, message: str = "refused", headers: Mapping[str, str] | None = None
    ) -> Response:
        """An error answer in the vendor's shape."""
        content = orjson.dumps(self.error_body(status, code, message))
        return Response(content, status, dict(headers or {}), "application/json")

    def play(self, request: Request, played: Played) -> Response:
        """Answer well, or as told."""
        behaviour = self.behave()
        if behaviour.trouble is Trouble.REFUSED:
            return self.error(behaviour.status, behaviour.code, "You said: secret prompt", behaviour.headers)
        return PlayedResponse(self, played, behaviour)

    async def until_hung_up(self) -> float:
        """Wait until a caller leaves before its answer is whole; the loop time at which it was seen."""
        async with asyncio.timeout(DEADLINE_S):
            await self.hung_up.wait()
        return self.hung_up_at

    def note_hang_up(self) -> None:
        """A caller left in the middle; WebSocket handlers call it too."""
        self.hung_up_at = asyncio.get_running_loop().time()
        self.hung_up.set()

    @asynccontextmanager
    async def serving(self, tls: tuple[Path, Path] | None = None) -> AsyncIterator[Self]:
        """Serve until the block ends; `tls` is (certificate, key) for SDKs that insist on it."""
        async with served(self._config(tls)) as self.url:
            yield self

    def _config(self, tls: tuple[Path, Path] | None) -> uvicorn.Config:
        config = uvicorn.Config(
            Starlette(routes=list(self.routes())),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=1,
        )
        if tls:
            config.ssl_certfile, config.ssl_keyfile = str(tls[0]), str(tls[1])
            config.ssl_cert_reqs = ssl.CERT_NONE
        return config


class PlayedResponse(Response):
    """Sends pieces as the behaviour says, while watching for the caller to hang up."""

    def __init__(self, fake: FakeVendor, played: Played, behaviour: Behaviour) -> None:
        super().__init__(media_type=played.content_type, headers=dict(played.headers))
        del self.headers["content-length"]
        self._fake, self._played, self._behaviour = fake, played, behaviour

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        watching = asyncio.create_task(self._watch(receive))
        self._fake.answering += 1
        self._fake.asked.set()
        try:
            done, _ = await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
            if sending not in done:
                self._fake.note_hang_up()
            else:
                sending.result()
        finally:
            self._fake.answering -= 1
            for task in (sending, watching):
                task.cancel()
            await asyncio.gather(sending, watching, return_exceptions=True)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    async def _send(self, send: Send) -> None:
        trouble = self._behaviour.trouble
        if trouble is Trouble.SILENT:
            await asyncio.Event().wait()
        await asyncio.sleep(self._behaviour.delay_s)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        for piece in self._pieces(trouble):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(self._behaviour.gap_s)
        if trouble is Trouble.STALL:
            await asyncio.Event().wait()
        if trouble is Trouble.CUT:
            # An application that returns in the middle of its answer makes the server drop the connection.
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _pieces(self, trouble: Trouble) -> Sequence[bytes]:
        whole, played = self._played.pieces, self._played
        if trouble in (Trouble.NONE, Trouble.SLOW):
            return whole
        if trouble is Trouble.NOTHING:
            return ()
        if trouble is Trouble.EMPTY:
            return played.empty
        part = whole[: played.part]
        return [*part, played.malformed] if trouble is Trouble.MALFORMED else part
