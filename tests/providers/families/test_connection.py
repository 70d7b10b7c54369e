"""What a vendor may put on the wire, against a raw socket: every framing HTTP/1.1 has, and its abuse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.families.http import HttpLimits, VendorHttp, vendor_request

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
async def http() -> AsyncIterator[VendorHttp]:
    client = VendorHttp(HttpLimits(connect_s=1.0, read_s=0.2, total_s=5.0, connections=2))
    yield client
    await client.aclose()


@asynccontextmanager
async def vendor(serve: Serve) -> AsyncIterator[str]:
    """A server whose every connection `serve` handles; all of them have ended when the block is left."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def answering(*pieces: bytes) -> Serve:
    """Read a request, send the pieces with a turn of the loop between them, hang up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return serve


async def ask(http: VendorHttp, url: str, body: bytes = b"") -> bytes:
    return await http.body(vendor_request(url, {}, body))


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((b"HTTP/1.1 100 Continue\r\n\r\n", OK), b"ok"),
        ((b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK,), b"ok"),
        ((b"HTTP/1.1 200 OK\r\n\r\n", b"until ", b"the end"), b"until the end"),
        ((b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", b"0\r\nx: y\r\n\r\n"), b"ab"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), b""),
        ((OK[:20], OK[20:40], OK[40:]), b"ok"),
    ],
    ids=["continue", "early hints", "until close", "trailers", "no content", "in pieces"],
)
async def test_every_framing_is_read(http: VendorHttp, pieces: tuple[bytes, ...], expected: bytes) -> None:
    """RTE-16: as RFC 9112 describes the end of a message."""
    async with vendor(answering(*pieces)) as url:
        assert await ask(http, url) == expected


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ((b"SSH-2.0-OpenSSH_9\r\n",), FailureKind.NETWORK),
        ((b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",), FailureKind.NETWORK),
        ((b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",), FailureKind.NETWORK),
        ((b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 70_000 + b"\r\n\r\n",), FailureKind.NETWORK),
        ((b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",), FailureKind.NETWORK),
        ((), FailureKind.NETWORK),
    ],
    ids=["not http", "too short", "cut chunk", "endless head", "upgrade", "nothing"],
)
async def test_a_broken_answer_is_a_network_failure(
    http: VendorHttp, pieces: tuple[bytes, ...], kind: FailureKind
) -> None:
    """RTE-9: and never a shortened answer."""
    async with vendor(answering(*pieces)) as url:
        with pytest.raises(ProviderError) as caught:
            await ask(http, url)
    assert caught.value.kind is kind


async def test_bytes_after_an_answer_do_not_begin_the_next_one(http: VendorHttp) -> None:
    """RTE-19: a second answer in the same read belongs to nobody, and its connection is not used again."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nothers")
        await reader.read(1)

    async with vendor(serve) as url:
        assert [await ask(http, url) for _ in range(2)] == [b"ok", b"ok"]
    assert connections == 2


async def test_a_refusal_before_the_end_of_an_upload_is_heard(http: VendorHttp) -> None:
    """RTE-9: the vendor stops reading, and its status is the failure, not the broken upload."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(1)

    async with vendor(serve) as url:
        with pytest.raises(ProviderError) as caught:
            await ask(http, url, b"x" * 30_000_000)
    assert caught.value.status == 413


async def test_silence_within_an_answer_is_a_timeout(http: VendorHttp) -> None:
    """RTE-9: as long as bytes come nothing is silent, however long the whole takes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        for _ in range(4):
            writer.write(b"x")
            await asyncio.sleep(0.08)
        await reader.read(1)

    async with vendor(serve) as url:
        with pytest.raises(ProviderError) as caught:
            await ask(http, url)
    assert caught.value.kind is FailureKind.TIMEOUT


async def test_calls_beyond_the_limit_wait_for_a_connection(http: VendorHttp) -> None:
    """RTE-19: two connections serve ten calls, never more than two at a time."""
    open_now = most = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(0.01)
                writer.write(OK)
        finally:
            open_now -= 1

    async with vendor(serve) as url:
        assert await asyncio.gather(*(ask(http, url) for _ in range(10))) == [b"ok"] * 10
        await http.aclose()
    assert most == 2
