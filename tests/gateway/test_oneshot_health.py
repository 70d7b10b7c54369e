"""Health seen from the door: what fails is left out, tried again in time, and nothing is lost when all fail."""

from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from speko_core.deps import Deps
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.routing.health import HealthBook
from tests.fakes.scripted_providers import HELLO, Cast, Step, cast
from tests.gateway.oneshot_door import JSON, bare_deps, door
from tests.twins import MovedClock

__all__ = ["bare_deps"]

BODY = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}}


@pytest.fixture
def clocked(bare_deps: Deps) -> tuple[Deps, MovedClock]:
    """A process whose breakers run on a clock that the test moves, with the platform's keys."""
    clock = MovedClock()
    settings = bare_deps.settings.model_copy(update={"provider_keys": {"a": SecretStr("k"), "b": SecretStr("k")}})
    return replace(bare_deps, settings=settings, health=HealthBook(clock)), clock


def broken(kind: FailureKind, retry_after_s: float | None = None) -> ProviderError:
    return ProviderError(kind, "upstream", retry_after_s=retry_after_s)


def chain(first: tuple[Step, ...]) -> Cast:
    return cast(a=first, b=HELLO, needs_key=True)


async def ask(client: httpx.AsyncClient) -> tuple[str, int]:
    answer = await client.post("/v1/complete", json=BODY, headers=JSON)
    return answer.headers.get("x-speko-provider", ""), int(answer.headers.get("x-speko-failover-count", "-1"))


async def why(client: httpx.AsyncClient, candidate: str) -> tuple[str, str]:
    layer = (await client.get("/v1/benchmarks/stack", params={"language": "en"})).json()["llm"]
    return next(((one["code"], one["reason"]) for one in layer["filtered_out"] if one["id"] == candidate), ("", ""))


async def test_after_five_failures_nobody_waits_for_the_broken_one(clocked: tuple[Deps, MovedClock]) -> None:
    """RTE-12: and the preview says why, with the figures."""
    deps, clock = clocked
    scripted = chain((broken(FailureKind.UPSTREAM),))
    async with door(deps, scripted) as client:
        assert [await ask(client) for _ in range(5)] == [("b", 1)] * 5
        assert await ask(client) == ("b", 0)
        code, reason = await why(client, "a:m-a")
        assert code == "unhealthy"
        assert reason.startswith("circuit open: 5 failures in a row (error rate 100% of 5 calls); next try in 1")
        scripted.scripts["a"].steps = HELLO
        clock.advance(13)
        assert await ask(client) == ("a", 0)
        assert await why(client, "a:m-a") == ("", "")


async def test_a_candidate_that_is_still_broken_costs_one_call_a_pause(clocked: tuple[Deps, MovedClock]) -> None:
    """RTE-12: half-open lets one call through; the pause doubles."""
    deps, clock = clocked
    scripted = chain((broken(FailureKind.NETWORK),))
    async with door(deps, scripted) as client:
        for _ in range(6):
            await ask(client)
        clock.advance(13)
        assert [await ask(client) for _ in range(3)] == [("b", 1), ("b", 0), ("b", 0)]
        clock.advance(13)
        assert await ask(client) == ("b", 0)
        clock.advance(13)
        assert await ask(client) == ("b", 1)


async def test_a_rate_limited_candidate_rests_as_long_as_it_said(clocked: tuple[Deps, MovedClock]) -> None:
    """RTE-9"""
    deps, clock = clocked
    scripted = chain((broken(FailureKind.RATE, 42.0),))
    async with door(deps, scripted) as client:
        assert [await ask(client) for _ in range(2)] == [("b", 1), ("b", 0)]
        assert "rate limited" in (await why(client, "a:m-a"))[1]
        clock.advance(43)
        assert await ask(client) == ("b", 1)


async def test_a_refused_key_is_not_tried_again_until_it_changes(clocked: tuple[Deps, MovedClock]) -> None:
    """RTE-9, RTE-12: another key has its own health."""
    deps, clock = clocked
    scripted = chain((broken(FailureKind.AUTH),))
    async with door(deps, scripted) as client:
        assert [await ask(client) for _ in range(2)] == [("b", 1), ("b", 0)]
        clock.advance(100_000)
        assert await ask(client) == ("b", 0)
        scripted.scripts["a"].steps = HELLO
        assert (await client.put("/v1/providers", json={"provider": "a", "apiKey": "new"})).status_code == 200
        assert await ask(client) == ("a", 0)


async def test_when_every_candidate_is_unhealthy_each_is_tried(clocked: tuple[Deps, MovedClock]) -> None:
    """RTE-12: panic; the first success is an answer, and closes that breaker."""
    deps, _ = clocked
    fails = (broken(FailureKind.UPSTREAM),)
    scripted = cast(a=fails, b=fails, needs_key=True)
    async with door(deps, scripted) as client:
        for _ in range(6):
            assert await ask(client) == ("", -1)
        scripted.scripts["b"].steps = HELLO
        assert await ask(client) == ("b", 1)
        assert await ask(client) == ("b", 0)


async def test_an_invalid_request_harms_nobody(clocked: tuple[Deps, MovedClock]) -> None:
    """RTE-9"""
    deps, _ = clocked
    scripted = chain((broken(FailureKind.INVALID),))
    async with door(deps, scripted) as client:
        for _ in range(10):
            assert (await client.post("/v1/complete", json=BODY)).status_code == 400
        assert await why(client, "a:m-a") == ("", "")
