"""The load generator of `gateway.py`: a closed loop over a fixed number of connections that checks every answer.

An answer counts when its status is 200 and its first tokens are all that were asked for, in order; nothing may be lost
or altered on the way. Times run from the request to the first token ("first content": what comes before it does not
count) and to the end. Reads its job as JSON from standard input and prints the result as JSON.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from typing import cast

import httptools
import uvloop

TOKEN = re.compile(rb"tok(\d{3})")
FIRST = b"tok000"


@dataclass(frozen=True)
class Job:
    """What to send, and how often; requests of the warm-up are checked and not timed."""

    host: str
    port: int
    path: str
    headers: dict[str, str]
    body: str
    tokens: int
    connections: int
    requests: int
    warmup: int
    max_s: float

    @property
    def request(self) -> bytes:
        """The request on the wire."""
        content = self.body.encode()
        headers = {"host": f"{self.host}:{self.port}", **self.headers, "content-length": str(len(content))}
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode() + content


@dataclass
class Seen:
    """What the connections saw together."""

    good: int = 0
    bad: int = 0
    first_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)
    example: str = ""


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[bool] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast(asyncio.Transport, transport)

    async def ask(self, request: bytes) -> bool:
        """Send it and wait for the end of the answer; False when the connection broke."""
        self._parser = httptools.HttpResponseParser(self)
        self._done = self._loop.create_future()
        self.body, self.first_at = bytearray(), 0.0
        self._transport.write(request)
        return await self._done

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self._parser.get_status_code())

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        self._parser.feed_data(data)
        if not self.first_at and FIRST in self.body:
            self.first_at = time.perf_counter()

    def connection_lost(self, error: Exception | None) -> None:
        """The gateway hung up."""
        if not self._done.done():
            self._done.set_result(False)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if not self._done.done():
            self._done.set_result(True)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


def is_whole(body: bytearray, tokens: int) -> bool:
    """True when every token came, in order; an envelope may repeat the whole text after them."""
    return [int(found) for found in TOKEN.findall(body)[:tokens]] == list(range(tokens))


async def worker(job: Job, left: list[int], seen: Seen) -> None:
    """Ask until nothing is left to ask; `left` counts down for all workers together."""
    loop, request = asyncio.get_running_loop(), job.request
    _, connection = await loop.create_connection(Connection, job.host, job.port)
    while left[0] > 0:
        left[0] -= 1
        begun = time.perf_counter()
        whole = await connection.ask(request)
        ended = time.perf_counter()
        if whole and connection.status == 200 and is_whole(connection.body, job.tokens):
            seen.good += 1
            seen.first_ms.append((connection.first_at - begun) * 1000)
            seen.total_ms.append((ended - begun) * 1000)
        else:
            seen.bad += 1
            seen.example = connection.body[:300].decode("utf-8", "replace") or "the connection broke"
        if not whole:
            _, connection = await loop.create_connection(Connection, job.host, job.port)
    connection.close()


async def spend(job: Job, requests: int) -> tuple[Seen, float]:
    """Send so many requests; what was seen, and the seconds it took. Workers that are late are cut off."""
    seen, left = Seen(), [requests]
    begun = time.perf_counter()
    workers = [asyncio.create_task(worker(job, left, seen)) for _ in range(min(job.connections, requests))]
    await asyncio.wait(workers, timeout=job.max_s)
    left[0] = 0
    _, late = await asyncio.wait(workers, timeout=job.max_s)
    for one in late:
        one.cancel()
    for result in await asyncio.gather(*workers, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
    return seen, time.perf_counter() - begun


def quantile(values: list[float], share: float) -> float:
    """The nearest rank."""
    ranked = sorted(values) or [float("nan")]
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


async def run(job: Job) -> dict[str, object]:
    """Warm up, then measure."""
    warm, _ = await spend(job, job.warmup)
    seen, seconds = await spend(job, job.requests)
    return {
        "good": seen.good,
        "bad": seen.bad + warm.bad,
        "answered": seen.good + seen.bad + warm.good + warm.bad,
        "example": seen.example or warm.example,
        "per_second": seen.good / seconds,
        "first_p50_ms": quantile(seen.first_ms, 0.5),
        "first_p99_ms": quantile(seen.first_ms, 0.99),
        "total_p50_ms": quantile(seen.total_ms, 0.5),
        "total_p99_ms": quantile(seen.total_ms, 0.99),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(Job(**json.load(sys.stdin))))))
