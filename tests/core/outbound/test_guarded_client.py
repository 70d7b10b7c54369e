"""The guarded client against real sockets: what it refuses to dial, and what a hostile endpoint cannot do to it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from speko_core.deps import build_deps
from speko_core.doctor.installation import outbound
from speko_core.outbound.backend import Resolver
from speko_core.outbound.client import AddressForbidden, GuardedTransport, HostUnknown, guarded_client
from speko_core.outbound.exchange import ExchangeFailed, exchange
from speko_core.settings import Settings
from speko_gateway.cli.welcome import welcome_lines
from speko_gateway.links import links
from tests.core.outbound.endpoint_kit import OK, ScriptedResolver, endpoint, tls_pair

BLOCKED = """127.0.0.1 localhost 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 127.1 0.0.0.0 0 [::1] [::]
[::ffff:127.0.0.1] [::ffff:7f00:1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [fe80::1] [fec0::1] [fd00::1]
[ff02::1] 169.254.169.254 100.64.0.1 10.0.0.1 192.168.1.1 172.16.0.1 224.0.0.1 255.255.255.255 192.88.99.1"""


@asynccontextmanager
async def client(
    resolve: Resolver | None = None, *, insecure: bool = True, tls: object = None
) -> AsyncIterator[httpx.AsyncClient]:
    transport = GuardedTransport(allow_insecure=insecure, resolve=resolve, tls=tls)  # type: ignore[arg-type]
    async with guarded_client(transport) as guarded:
        yield guarded


@pytest.mark.parametrize("host", BLOCKED.split())
async def test_no_spelling_of_a_private_host_reaches_a_server(host: str) -> None:
    """AGT-4: judged when dialled, whatever registration let through."""
    async with endpoint() as server, client(insecure=False) as guarded:
        with pytest.raises((AddressForbidden, httpx.InvalidURL)):
            await guarded.get(f"https://{host}:{server.port}/")
        assert server.connections == 0


async def test_a_name_that_rebinds_is_resolved_once_and_dialled_where_it_was_judged() -> None:
    """AGT-4: the second answer of a rebinding name never gets its turn within a request."""
    resolver = ScriptedResolver(["203.0.113.9"], ["127.0.0.1"])
    async with endpoint() as server, client(resolver, insecure=False) as guarded:
        with pytest.raises(AddressForbidden):
            await guarded.get(f"https://rebind.example:{server.port}/")
        assert (resolver.asked, server.connections) == (1, 0)


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    """AGT-4: a mixed answer is not a lottery."""
    async with endpoint() as server, client(ScriptedResolver(["8.8.8.8", "127.0.0.1"]), insecure=False) as guarded:
        with pytest.raises(AddressForbidden):
            await guarded.get(f"https://mixed.example:{server.port}/")
        assert server.connections == 0


async def test_plain_http_is_not_dialled_outside_development() -> None:
    """AGT-4: HTTPS only, also at delivery."""
    async with endpoint() as server, client(ScriptedResolver(["8.8.8.8"]), insecure=False) as guarded:
        with pytest.raises(httpx.UnsupportedProtocol):
            await guarded.get(f"http://api.example:{server.port}/")


async def test_tls_is_checked_against_the_name_and_not_the_dialled_address(tmp_path: Path) -> None:
    """AGT-4: SNI, Host and the certificate keep the URL's name; another name is refused."""
    server_side, client_side = tls_pair(tmp_path, "shop.example")
    async with endpoint(server_side) as server, client(ScriptedResolver(["127.0.0.1"]), tls=client_side) as guarded:
        answer = await guarded.get(f"https://shop.example:{server.port}/")
        assert (answer.text, server.server_names) == ("ok", ["shop.example"])
        assert f"Host: shop.example:{server.port}" in server.heads[0]
        with pytest.raises(httpx.ConnectError):
            await guarded.get(f"https://other.example:{server.port}/")


async def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    """AGT-4: pinning keeps a name with several addresses usable."""
    async with endpoint() as server, client(ScriptedResolver(["127.0.0.9", "127.0.0.1"])) as guarded:
        assert (await guarded.get(f"http://two.example:{server.port}/")).text == "ok"


async def test_a_name_that_does_not_resolve_says_so() -> None:
    """AGT-4: the resolver's error is mapped."""

    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError

    async with client(nowhere) as guarded:
        with pytest.raises(HostUnknown):
            await guarded.get("http://nowhere.example/")


async def test_a_resolver_that_hangs_costs_no_more_than_the_connect_timeout() -> None:
    """AGT-4: resolving is part of connecting."""

    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with client(hangs) as guarded:
        with pytest.raises(httpx.ConnectTimeout):
            await guarded.get("http://slow.example/", timeout=0.05)


async def test_proxies_and_cookies_of_the_environment_play_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """AGT-4: a proxy would dial for us, and a cookie would travel between organizations."""
    async with endpoint() as proxy, endpoint() as server:
        server.answer = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with client() as guarded:
            await guarded.get(f"http://127.0.0.1:{server.port}/")
            await guarded.get(f"http://127.0.0.1:{server.port}/")
        assert (proxy.connections, server.connections) == (0, 2)
        assert all("cookie" not in head.lower() for head in server.heads)


async def _reason(answer: bytes, **limits: float) -> str:
    async with endpoint() as server, client() as guarded:
        server.answer = answer
        request = guarded.build_request("GET", f"http://127.0.0.1:{server.port}/")
        with pytest.raises(ExchangeFailed) as caught:
            await exchange(guarded, request, total_s=limits.get("total_s", 5), max_bytes=1000)
        return caught.value.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n", "redirect"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000, "too_large"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b"x" * 5_000_000, "too_large"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nshort", "broken_answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx", "encoded"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "broken_answer"),
        (b"", "broken_answer"),
    ],
)
async def test_a_misbehaving_endpoint_fails_with_our_word_for_it(answer: bytes, reason: str) -> None:
    """AGT-3: redirects, floods, lies about the length, compression, another protocol, silence."""
    assert await _reason(answer) == reason


async def test_an_endpoint_may_use_the_whole_time_it_was_given() -> None:
    """AGT-3: `timeoutMs` counts, not how long the client waits for a read of its own accord."""

    async def thinks(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(OK)

    async with endpoint() as server, client() as guarded:
        server.behaviour, guarded.timeout = thinks, httpx.Timeout(0.02, connect=2)
        request = guarded.build_request("GET", f"http://127.0.0.1:{server.port}/")
        assert (await exchange(guarded, request, total_s=5, max_bytes=1000)).body == b"ok"


async def test_an_endpoint_that_drips_is_cut_off_at_the_total() -> None:
    """AGT-3: the budget is for the whole exchange, not for each read."""

    async def drips(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with endpoint() as server, client() as guarded:
        server.behaviour = drips
        request, begun = guarded.build_request("GET", f"http://127.0.0.1:{server.port}/"), time.monotonic()
        with pytest.raises(ExchangeFailed) as caught:
            await exchange(guarded, request, total_s=0.15, max_bytes=1000)
        assert caught.value.reason == "timeout"
        assert time.monotonic() - begun < 2


def test_the_development_switch_is_loud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """AGT-4: at every start, in the welcome and in `speko doctor`."""
    open_to_all = Settings(data_dir=tmp_path, allow_insecure_webhooks=True, _env_file=None)
    build_deps(open_to_all)
    assert "SPEKO_ALLOW_INSECURE_WEBHOOKS" in caplog.text
    assert any("WARNING" in line for line in welcome_lines(links(open_to_all, None)))
    assert outbound(open_to_all).state == "warn"
    usual = Settings(data_dir=tmp_path, _env_file=None)
    assert not any("WARNING" in line for line in welcome_lines(links(usual, None)))
    assert outbound(usual).state == "ok"
