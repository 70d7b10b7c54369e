"""A fake OpenAI-compatible provider for `gateway.py`: chat completions, streamed or whole, at a pace the caller names.

`bench-TOKENS-FIRST_MS-GAP_MS` anywhere in a request's body says how to answer: that many tokens `tok000`, `tok001`, …,
the first after FIRST_MS, the others GAP_MS apart; a gap of 0 sends all of them in one write.
`python benchmarks/gateway_upstream.py PORT` serves on 127.0.0.1 until it is terminated.
"""

import asyncio
import json
import re
import sys
from functools import cache
from typing import cast

import httptools
import uvloop

PACE = re.compile(rb"bench-(\d+)-(\d+)-(\d+)")
STREAM = re.compile(rb'"stream": ?true')
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PROMPT_TOKENS = 42


def token(number: int) -> str:
    """The text of one token."""
    return f" tok{number:03d}"


def usage(tokens: int) -> dict[str, int]:
    """What the vendor says was consumed."""
    return {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": tokens, "total_tokens": PROMPT_TOKENS + tokens}


def frame(choices: list[object], **more: object) -> bytes:
    """One event, as one chunk of the body."""
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "bench"}
    return chunk(b"data: " + json.dumps({**head, "choices": choices, **more}).encode() + b"\n\n")


def chunk(data: bytes) -> bytes:
    """HTTP's chunked framing."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def delta(content: str | None, finish: str | None = None) -> list[object]:
    """The choices of one frame."""
    return [{"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish}]


@cache
def frames(tokens: int) -> tuple[bytes, ...]:
    """One frame a token; the last carries the end of the stream as well."""
    told = [frame(delta(token(number))) for number in range(tokens)]
    told[-1] += frame(delta(None, "stop")) + frame([], usage=usage(tokens)) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    return tuple(told)


@cache
def whole(tokens: int) -> bytes:
    """The same answer as one object."""
    message = {"role": "assistant", "content": "".join(map(token, range(tokens)))}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    head = {"id": "chatcmpl-bench", "object": "chat.completion", "created": 1_700_000_000, "model": "bench"}
    body = json.dumps({**head, "choices": [choice], "usage": usage(tokens)}).encode()
    return JSON_HEAD % len(body) + body


class Caller(asyncio.Protocol):
    """One connection from a gateway."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""
        self._pending: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A gateway connected."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It left: nothing more is sent."""
        if self._pending is not None:
            self._pending.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        self._body += body

    def on_message_complete(self) -> None:
        """The request is whole: answer it."""
        body, self._body = self._body, b""
        pace = PACE.search(body)
        tokens, first_ms, gap_ms = map(int, pace.groups()) if pace else (1, 0, 0)
        if not STREAM.search(body):
            self._transport.write(whole(tokens))
        elif not gap_ms:
            self._transport.write(SSE_HEAD + b"".join(frames(tokens)))
        else:
            self._transport.write(SSE_HEAD)
            self._due = self._loop.time() + first_ms / 1000
            self._pending = self._loop.call_at(self._due, self._send, frames(tokens), 0, gap_ms / 1000)

    def _send(self, left: tuple[bytes, ...], number: int, gap_s: float) -> None:
        self._transport.write(left[number])
        if number + 1 < len(left):
            # Late stays late: catching up would send two tokens in one write.
            self._due = max(self._due + gap_s, self._loop.time())
            self._pending = self._loop.call_at(self._due, self._send, left, number + 1, gap_s)


async def serve(port: int) -> None:
    """Serve until terminated."""
    server = await asyncio.get_running_loop().create_server(Caller, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
