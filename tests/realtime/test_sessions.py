"""The life of a speech-to-speech session: who is let in, how long, for what, and how it ends."""

from datetime import datetime, timedelta

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from speko_core.deps import Deps
from speko_core.realtime.life import admitted
from speko_core.sessions.jobs import finalize
from tests.conftest import Tenant, on_sqlite, with_deps
from tests.realtime.kit import House, serving
from tests.twins import MovedClock

pytestmark = on_sqlite


async def test_a_token_works_once_and_only_here(deps: Deps, tenant: Tenant) -> None:
    """SES-6: whatever is wrong is told as a close code, which browsers can read."""
    async with serving(deps, tenant) as house:
        made = await house.create(tenant.test_key)
        other = await house.create(tenant.test_key, mode="cascade", intent={"language": "en"})
        as_media = await _media_code(house, made)
        async with house.call(made, "mt_wrong") as talk:
            wrong = await talk.to_the_end()
        borrowed = {**other, "wsUrl": made["wsUrl"].replace(made["sessionId"], other["sessionId"])}
        async with house.call(borrowed, other["transportToken"]) as talk:
            foreign = await talk.to_the_end()
        async with house.call(made) as talk:
            await talk.until("ready")
            async with house.call(made) as second:
                again = await second.to_the_end()

    assert (as_media, wrong, foreign, again) == (4401, 4401, 4401, 4409)
    assert [frame["t"] for frame in second.frames] == ["error", "end"]


async def _media_code(house: House, made: dict[str, str]) -> int | None:
    url = f"{house.url.replace('http', 'ws', 1)}/v1/sessions/{made['sessionId']}/media"
    protocols = [Subprotocol("speko.media.v1"), Subprotocol(made["wsToken"])]
    async with connect(url, subprotocols=protocols, proxy=None) as socket:
        try:
            await socket.recv()
        except ConnectionClosed:
            return socket.close_code
    return None


async def test_half_an_hour_is_the_longest(deps: Deps, tenant: Tenant) -> None:
    """SES-6: a longer life is shortened, a short one ends the conversation."""
    async with serving(deps, tenant) as house:
        long = await house.create(tenant.test_key, ttlSeconds=86_400)
        left = datetime.fromisoformat(long["expiresAt"]) - deps.clock.now()
        short = await house.create(tenant.test_key, ttlSeconds=1)
        async with house.call(short) as talk:
            code = await talk.to_the_end()
        session = await house.ended(short["sessionId"])

    assert timedelta(seconds=1_700) < left <= timedelta(seconds=1_800)
    assert (code, talk.frames[-2]["code"], talk.frames[-1]["reason"]) == (4408, "SESSION_EXPIRED", "timeout")
    assert (session["status"], session["endReason"]) == ("ended", "timeout")


async def test_what_cannot_be_had_is_refused_with_what_can(deps: Deps, tenant: Tenant) -> None:
    """SES-6, RTE-20"""
    async with serving(deps, tenant) as house:
        provider = await house.create(s2s={"provider": "acme"})
        model = await house.create(s2s={"provider": "openai", "model": "gpt-9"})
        rate = await house.create(s2s={"inputSampleRate": 8_000})
        nobody = await house.create(s2s={"provider": "openai"})

    assert [answer["status"] for answer in (provider, model, rate, nobody)] == [400, 400, 400, 500]
    assert "openai" in provider["error"]
    assert "gpt-realtime-2.1" in model["error"]
    assert (nobody["code"], "no provider key" in nobody["error"]) == ("SESSION_CREATE_FAILED", True)


async def test_a_client_that_cannot_use_the_socket_is_told(deps: Deps, tenant: Tenant) -> None:
    """SES-10: releases from 0.2 on connect to the vendor themselves; earlier ones use the socket."""
    async with serving(deps, tenant) as house:
        newer = await house.create(tenant.test_key, {"User-Agent": "spekoai-python/0.2.2"})
        older = await house.create(tenant.test_key, {"User-Agent": "spekoai-python/0.1.3"})

    assert (newer["status"], newer["code"], older["status"]) == (400, "PROVIDER_DIRECT_UNAVAILABLE", 201)


async def test_a_repeated_request_gets_the_first_answer(deps: Deps, tenant: Tenant) -> None:
    """SES-6: clients send an Idempotency-Key with every session of this mode."""
    async with serving(deps, tenant) as house:
        first, second = [await house.create(tenant.test_key, {"Idempotency-Key": "k1"}) for _ in range(2)]

    assert first == second


async def test_ending_it_over_rest_ends_the_conversation(deps: Deps, tenant: Tenant) -> None:
    """SES-2, SES-6"""
    async with serving(deps, tenant) as house:
        made = await house.create(tenant.test_key)
        async with house.call(made) as talk:
            await talk.until("ready")
            await house.post(f"/v1/sessions/{made['sessionId']}/end")
            code = await talk.to_the_end()
        session = await house.ended(made["sessionId"])

    assert (code, talk.frames[-1]["t"], session["status"], session["endReason"]) == (1000, "end", "ended", "requested")


async def test_a_stopping_server_says_goodbye(deps: Deps, tenant: Tenant) -> None:
    """OPS-2, SES-6"""
    async with serving(deps, tenant) as house:
        made = await house.create(tenant.test_key)
        async with house.call(made) as talk:
            await talk.until("ready")
            await house.conversations.drain()
            code = await talk.to_the_end()
        session = await house.ended(made["sessionId"])

    assert (code, talk.frames[-1]["reason"]) == (1001, "drain")
    assert (session["status"], session["endReason"]) == ("ended", "drain")


async def test_a_session_whose_server_died_is_closed(deps: Deps, tenant: Tenant) -> None:
    """OPS-2: by the same sweep as those of workers, once nobody says that it lives."""
    clock = MovedClock(deps.clock.now())
    async with serving(deps, tenant) as house:
        made = await house.create(tenant.test_key)
        moved = with_deps(deps, clock=clock)
        await admitted(moved, made["sessionId"], made["wsToken"])
        active = await house.get(f"/v1/sessions/{made['sessionId']}")
        clock.advance(deps.settings.session_grace_s + 1)
        await finalize(moved, {})
        closed = await house.get(f"/v1/sessions/{made['sessionId']}")

    assert active["status"] == "active"
    assert (closed["status"], closed["endReason"]) == ("failed", "worker_lost")
