"""The embedded media socket: who gets in, what is relayed, how it ends. One database engine is enough here."""

import asyncio
import shutil
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from speko_core.deps import Deps
from tests.conftest import Tenant, rest_client, with_deps
from tests.core.sessions_kit import claim, create
from tests.gateway.media_kit import PROTOCOL, ScriptedWorker, call, close_code, echo, gateway, register, until
from tests.twins import MovedClock


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """SQLite."""
    shutil.copy(migrated_sqlite, tmp_path / "speko.sqlite")
    return ""


async def test_frames_are_relayed_both_ways_as_they_are(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """SES-8"""
    frames: list[str | bytes] = [
        b"\x00\x01" * 320,
        '{"type":"user_message","text":"h\u00e9llo"}',
        b"",
        "",
        b"\xff" * 200_000,
    ]
    made = await create(rest, tenant.agent_id)
    async with ScriptedWorker(echo).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        async with call(url, made) as caller:
            assert caller.subprotocol == PROTOCOL
            for frame in frames:
                await caller.send(frame)
            async with asyncio.timeout(10):
                assert [await caller.recv() for _ in frames] == frames
    assert worker.paths == [f"/media/{made['sessionId']}"]
    assert worker.credentials == [f"Bearer {deps.worker_token}"]


async def test_a_token_opens_one_connection(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """SES-8"""
    made = await create(rest, tenant.agent_id)
    async with ScriptedWorker(echo).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        async with call(url, made) as first:
            # Both handshakes end before the token is looked at: the first must be through before there is a second.
            await first.send(b"here")
            assert await first.recv() == b"here"
            async with call(url, made) as second:
                assert await close_code(second) == 4409
            await first.send(b"still here")
            assert await first.recv() == b"still here"
        async with call(url, made) as later:
            assert await close_code(later) == 4409


async def test_of_concurrent_uses_of_a_token_one_gets_through(
    deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """SES-8"""
    made = await create(rest, tenant.agent_id)

    async def greet(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.close(1000)

    async def outcome(url: str) -> int | None:
        async with call(url, made) as caller:
            return await close_code(caller)

    async with ScriptedWorker(greet).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        codes = await asyncio.gather(*(outcome(url) for _ in range(12)))
    assert sorted(code or 0 for code in codes) == [1000] + [4409] * 11
    assert len(worker.paths) == 1


async def test_a_wrong_or_missing_token_is_refused(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """SES-8"""
    made, other = await create(rest, tenant.agent_id), await create(rest, tenant.agent_id)
    async with gateway(deps) as url:
        for token in ("mt_guess", other["transportToken"]):
            async with call(url, made, token) as caller:
                assert await close_code(caller) == 4401
        address = f"{url}/v1/sessions/{made['sessionId']}/media"
        for protocols in ([PROTOCOL], [Subprotocol("something.else")], None):
            async with connect(address, subprotocols=protocols, proxy=None) as caller:
                assert await close_code(caller) == 4401
        async with call(url, {**made, "sessionId": "0194fdc2-fa2f-4cc0-81d3-ff1207430000"}) as caller:
            assert await close_code(caller) == 4404


async def test_an_expired_and_an_ended_session_take_no_caller(deps: Deps, tenant: Tenant) -> None:
    """SES-1"""
    clock = MovedClock()
    moved = with_deps(deps, clock=clock)
    async with rest_client(moved, tenant.key) as client:
        old = await create(client, tenant.agent_id, ttlSeconds=60)
        clock.advance(61)
        ended = await create(client, tenant.agent_id)
        await client.post(f"/v1/sessions/{ended['sessionId']}/end")
    async with gateway(moved) as url:
        async with call(url, old) as caller:
            assert await close_code(caller) == 4401
        async with call(url, ended) as caller:
            assert await close_code(caller) == 4408


@pytest.mark.parametrize(
    ("said", "heard"),
    [(1000, 1000), (1001, 1001), (4408, 4408), (4409, 4409), (4401, 1011), (1011, 1011), (3999, 1011)],
)
async def test_the_workers_word_on_the_end_reaches_the_caller(
    deps: Deps, rest: httpx.AsyncClient, tenant: Tenant, said: int, heard: int
) -> None:
    """SES-8"""

    async def end(connection: ServerConnection) -> None:
        await connection.send('{"type":"end","reason":"agent"}')
        await connection.close(said)

    made = await create(rest, tenant.agent_id)
    async with ScriptedWorker(end).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        async with call(url, made) as caller:
            assert await caller.recv() == '{"type":"end","reason":"agent"}'
            assert await close_code(caller) == heard


async def test_a_worker_lost_in_the_middle_closes_the_caller(
    deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """SES-8"""

    async def die(connection: ServerConnection) -> None:
        await claim(deps, made["sessionId"])
        await connection.recv()
        connection.transport.abort()

    made = await create(rest, tenant.agent_id)
    async with ScriptedWorker(die).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        async with call(url, made) as caller:
            await caller.send(b"audio")
            assert await close_code(caller) == 1011
        async with call(url, made) as again:
            assert await close_code(again) == 4409


async def test_a_caller_that_leaves_ends_the_workers_side(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """SES-3"""
    made = await create(rest, tenant.agent_id)
    async with ScriptedWorker(echo).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        async with call(url, made) as caller:
            await caller.send(b"audio")
            await caller.recv()
            caller.transport.abort()
        await until(lambda: bool(worker.close_codes))


async def test_without_a_worker_the_token_stays_good_until_one_is_there(deps: Deps, tenant: Tenant) -> None:
    """SES-8: a caller who meets a restarting worker may open the same link again."""
    moved = with_deps(deps, clock=MovedClock())
    async with rest_client(moved, tenant.key) as client:
        made = await create(client, tenant.agent_id)
    async with gateway(moved) as url:
        async with call(url, made) as caller:
            assert await close_code(caller) == 1011
        await register(moved, "ws://127.0.0.1:1", "gone")
        async with call(url, made) as caller:
            assert await close_code(caller) == 1011
        async with ScriptedWorker(echo).listening() as worker:
            await register(moved, worker.address)
            async with call(url, made) as caller:
                await caller.send(b"audio")
                assert await caller.recv() == b"audio"


async def test_callers_go_to_the_least_loaded_worker_that_is_alive_and_ready(deps: Deps, tenant: Tenant) -> None:
    """SES-8"""
    clock = MovedClock()
    moved = with_deps(deps, clock=clock)
    async with (
        ScriptedWorker(echo).listening() as busy,
        ScriptedWorker(echo).listening() as idle,
        ScriptedWorker(echo).listening() as unfit,
        gateway(moved) as url,
    ):
        await register(moved, unfit.address, "silent")
        clock.advance(7)
        await register(moved, "ws://127.0.0.1:1", "dead", capacity=100)
        await register(moved, unfit.address, "full", active=4)
        await register(moved, unfit.address, "draining", ready=False)
        await register(moved, busy.address, "busy", active=3)
        await register(moved, idle.address, "idle", active=1)
        async with rest_client(moved, tenant.key) as client:
            made = await create(client, tenant.agent_id)
        async with call(url, made) as caller:
            await caller.send(b"audio")
            await caller.recv()
    assert (len(idle.paths), len(busy.paths), len(unfit.paths)) == (1, 0, 0)


async def test_a_caller_that_does_not_read_slows_the_worker_down(
    deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """SES-8: nothing piles up in the gateway."""
    sent = 0

    async def flood(connection: ServerConnection) -> None:
        nonlocal sent
        while True:
            await connection.send(b"\x00" * 64_000)
            sent += 64_000

    made = await create(rest, tenant.agent_id)
    async with ScriptedWorker(flood).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        async with call(url, made) as caller:
            before = -1
            async with asyncio.timeout(10):
                while sent != before or sent == 0:
                    before = sent
                    await asyncio.sleep(0.3)
            assert sent < 40_000_000
            for _ in range(50):
                await caller.recv()
            caller.transport.abort()


async def test_a_frame_over_the_limit_ends_the_call(deps: Deps, rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """ORG-10"""
    made = await create(rest, tenant.agent_id)
    async with ScriptedWorker(echo).listening() as worker, gateway(deps) as url:
        await register(deps, worker.address)
        async with call(url, made) as caller:
            await caller.send(b"\x00" * 300_000)
            assert await close_code(caller) == 1009


async def test_a_worker_that_hangs_past_the_sessions_time_does_not_keep_the_caller(deps: Deps, tenant: Tenant) -> None:
    """SES-1"""
    settings = deps.settings.model_copy(update={"session_grace_s": 0.1})
    # On a clock that stands still the token is good however long the connection takes.
    impatient = with_deps(deps, clock=MovedClock(), settings=settings)
    async with rest_client(impatient, tenant.key) as client:
        made = await create(client, tenant.agent_id, ttlSeconds=1)
    async with ScriptedWorker(echo).listening() as worker, gateway(impatient) as url:
        await register(impatient, worker.address)
        async with call(url, made) as caller:
            assert await close_code(caller) == 4408
