"""The one client for vendors, against a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.families.http import VendorHttp, vendor_request
from tests.fakes.vendors.base import PROMPTLY_S, FakeVendor
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.certificate import make_certificate
from tests.providers.families.plain_vendor import PlainVendor

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def http() -> AsyncIterator[VendorHttp]:
    client = VendorHttp()
    yield client
    await client.aclose()


@pytest.fixture
async def vendor() -> AsyncIterator[FakeVendor]:
    async with PlainVendor().serving() as fake:
        yield fake


async def ask(http: VendorHttp, url: str) -> bytes:
    return await http.body(vendor_request(url, {"authorization": "Bearer k"}, b"{}"))


async def failure(http: VendorHttp, url: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await ask(http, url)
    return caught.value


async def test_an_answer_is_read_whole(http: VendorHttp, vendor: FakeVendor) -> None:
    """RTE-16: and nothing but the named headers goes out."""
    assert await ask(http, f"{vendor.url}/speak") == b"one two three"
    assert vendor.seen[0].headers["authorization"] == "Bearer k"
    assert vendor.seen[0].headers["user-agent"] == "speko"


async def test_calls_share_kept_alive_connections_and_no_cookies(http: VendorHttp, vendor: FakeVendor) -> None:
    """RTE-19: one organization's call leaves nothing behind for the next."""
    for _ in range(5):
        await ask(http, f"{vendor.url}/speak")

    assert len({seen.connection for seen in vendor.seen}) == 1
    assert not any("cookie" in seen.headers for seen in vendor.seen)


async def test_many_calls_at_once_all_answer(http: VendorHttp, vendor: FakeVendor) -> None:
    """RTE-19: a burst is answered, and the connections it opened serve the next burst."""
    for _ in range(2):
        answers = await asyncio.gather(*(ask(http, f"{vendor.url}/speak") for _ in range(50)))
        assert set(answers) == {b"one two three"}

    assert len({seen.connection for seen in vendor.seen}) <= 50


async def test_a_redirect_is_not_followed(http: VendorHttp, vendor: FakeVendor) -> None:
    """RTE-9: a key goes to the address it was given for, nowhere else."""
    error = await failure(http, f"{vendor.url}/moved")

    assert (error.kind, error.status) == (FailureKind.UPSTREAM, 307)
    assert [seen.path for seen in vendor.seen] == ["/moved"]


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour(Trouble.SILENT), FailureKind.TIMEOUT),
        (Behaviour(Trouble.STALL), FailureKind.TIMEOUT),
        (Behaviour(Trouble.CUT), FailureKind.NETWORK),
        (refusing(401), FailureKind.AUTH),
        (refusing(402), FailureKind.QUOTA),
        (refusing(429), FailureKind.RATE),
        (refusing(429, "insufficient_quota"), FailureKind.QUOTA),
        (refusing(500), FailureKind.UPSTREAM),
        (refusing(503), FailureKind.UPSTREAM),
        (refusing(529), FailureKind.UPSTREAM),
        (refusing(504), FailureKind.TIMEOUT),
        (refusing(400), FailureKind.INVALID),
    ],
    ids=lambda value: str(getattr(value, "trouble", value)) + str(getattr(value, "status", "")),
)
async def test_every_failure_has_its_kind(
    http: VendorHttp, vendor: FakeVendor, behaviour: Behaviour, kind: FailureKind
) -> None:
    """RTE-9: and the vendor's own words stay outside."""
    vendor.always = behaviour
    error = await failure(http, f"{vendor.url}/speak")

    assert error.kind is kind
    assert "secret" not in error.detail
    assert "secret" not in str(error)


async def test_nobody_listening_is_a_network_failure(http: VendorHttp) -> None:
    """RTE-9: without the URL in the text, which may hold a key."""
    error = await failure(http, "http://127.0.0.1:1/speak?key=abc")

    assert error.kind is FailureKind.NETWORK
    assert "abc" not in str(error)


async def test_a_connection_closed_between_calls_is_dialled_again(http: VendorHttp) -> None:
    """RTE-19: a vendor that restarted does not fail the next call."""
    calls, left = 0, asyncio.Semaphore(0)

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        assert head.startswith(b"POST")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        # The second request on this connection finds it closed, as behind a load balancer's idle limit.
        await reader.read(1)
        writer.close()
        await writer.wait_closed()
        left.release()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/speak"
        assert [await ask(http, url) for _ in range(3)] == [b"ok"] * 3
        await http.aclose()
        async with asyncio.timeout(5):
            for _ in range(3):
                await left.acquire()
    assert calls == 3


async def test_leaving_early_closes_the_upstream_connection_at_once(http: VendorHttp, vendor: FakeVendor) -> None:
    """ONE-7: within 100 ms, seen at the vendor."""
    vendor.always = Behaviour(Trouble.STALL)
    async with http.stream(vendor_request(f"{vendor.url}/speak", {}, b"{}")) as answer:
        async with aclosing(answer.chunks()) as chunks:
            assert await anext(chunks) == b"one "
        left = asyncio.get_running_loop().time()

    assert await vendor.until_hung_up() - left < PROMPTLY_S


async def test_a_body_beyond_the_bound_is_refused(http: VendorHttp, vendor: FakeVendor) -> None:
    """RTE-9: memory is bounded whatever a vendor sends."""
    with pytest.raises(ProviderError, match="too long"):
        await http.body(vendor_request(f"{vendor.url}/speak", {}, b"{}"), max_bytes=5)


@pytest.mark.parametrize("key", ["clé", "k\r\nx-more: 1"])
async def test_an_unusable_key_is_an_auth_failure(key: str) -> None:
    """RTE-9: a key with a line break cannot smuggle a header."""
    with pytest.raises(ProviderError) as caught:
        vendor_request("http://127.0.0.1/x", {"authorization": f"Bearer {key}"})
    assert caught.value.kind is FailureKind.AUTH


@pytest.mark.parametrize("size", [600_000, 3_000_000])
async def test_a_large_body_arrives_whole_under_its_length(http: VendorHttp, vendor: FakeVendor, size: int) -> None:
    """RTE-16: written in pieces, also a second time on a kept-alive connection; vendors refuse chunked uploads."""
    body = bytes(range(250)) * (size // 250)
    for _ in range(2):
        await http.body(vendor_request(f"{vendor.url}/speak", {}, body))

    assert [seen.body == body for seen in vendor.seen] == [True, True]
    assert vendor.seen[0].headers["content-length"] == str(size)
    assert vendor.seen[0].headers["host"] == vendor.url.removeprefix("http://")
    assert "transfer-encoding" not in vendor.seen[0].headers


async def test_tls_is_verified(http: VendorHttp, tmp_path: Path) -> None:
    """RTE-16: a vendor with a certificate of its own is reached only by who trusts it."""
    certificate = make_certificate(tmp_path)
    trusting = VendorHttp(tls=certificate.client_context())
    async with PlainVendor().serving(certificate.files) as fake:
        assert await ask(trusting, f"{fake.url}/speak") == b"one two three"
        assert (await failure(http, f"{fake.url}/speak")).kind is FailureKind.NETWORK
    await trusting.aclose()


async def test_closing_twice_is_safe(http: VendorHttp, vendor: FakeVendor) -> None:
    """RTE-19: the registry closes every vendor's connections, which are the same ones."""
    await ask(http, f"{vendor.url}/speak")
    await http.aclose()
    await http.aclose()
    assert await ask(http, f"{vendor.url}/speak") == b"one two three"
