"""Candidates held to their own record: a rival for a slow one, an end for a silent one, one attempt for a dead key."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import httpx
import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from speko_core.deps import Deps
from speko_core.metering.models import UsageEvent
from speko_core.oneshot.complete import open_complete
from speko_core.oneshot.errors import AllProvidersFailed
from speko_core.oneshot.failover import Failover
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.race import Attempt
from speko_core.oneshot.schemas import CompleteInput
from speko_core.principal import ALL_SCOPES, Principal
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import FailureKind, ProviderError, TextDelta
from speko_core.providers.catalog import ModelFacts, Price
from speko_core.routing.decision import Ranked
from speko_core.routing.health_pace import Pace
from speko_core.routing.offers import Offer
from speko_gateway.app import create_app
from tests.core.metering_kit import PRICE, assert_exact
from tests.fakes.scripted_providers import FOREVER, HELLO, Cast, Pause, Step, cast, failure
from tests.gateway.oneshot_door import JSON, bare_deps, door, events, known_key, with_cast
from tests.gateway.test_oneshot_failover import COMPLETE, ENDPOINTS, SYNTHESIZE, TRANSCRIBE, Endpoint
from tests.gateway.test_oneshot_streams import CANCEL_WITHIN_S, request_bytes, serving

__all__ = ["bare_deps"]

PRACTICE = 20
SILENT: tuple[Step, ...] = (Pause(FOREVER),)
BODY = {"messages": [{"role": "user", "content": "Hi " * 400}], "text": "Hi"}
IN_TIME_S = 2.0


def hedging(client: httpx.AsyncClient, endpoint: Endpoint, headers: dict[str, str] | None = None) -> "Asking":
    return Asking(client, endpoint, headers or {}, "latency")


class Asking:
    """One endpoint, asked the same thing again and again."""

    def __init__(self, client: httpx.AsyncClient, endpoint: Endpoint, headers: dict[str, str], wanted: str) -> None:
        self._client, self._endpoint, self._headers = client, endpoint, headers
        self._intent = {"language": "en", "optimizeFor": wanted}

    async def __call__(self) -> httpx.Response:
        return await self._endpoint.ask(self._client, self._intent, self._headers, BODY)

    async def practise(self) -> None:
        """Calls enough to know the pace of the first candidate."""
        for _ in range(PRACTICE):
            assert (await self()).headers["x-speko-failover-count"] == "0"


def scripted(endpoint: Endpoint, second: tuple[Step, ...] = ()) -> Cast:
    return cast(first=endpoint.good, second=second or endpoint.good)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
async def test_a_silent_candidate_is_outrun_by_the_next_one(bare_deps: Deps, endpoint: Endpoint) -> None:
    """RTE-13: within its own p95 and the time of the other; the loser is cancelled, and the answer tells."""
    played = scripted(endpoint)
    async with door(bare_deps, played) as client:
        ask = hedging(client, endpoint)
        await ask.practise()
        played.scripts["first"].steps = SILENT
        begun = time.perf_counter()
        answer = await ask()
        assert time.perf_counter() - begun < IN_TIME_S
        assert played.scripts["first"].closed.is_set()
    told = {name: answer.headers[f"x-speko-{name}"] for name in ("provider", "failover-count", "hedged")}
    assert told == {"provider": "second", "failover-count": "1", "hedged": "first:m-first"}
    if endpoint is not SYNTHESIZE:
        seen = {name: orjson.loads(data) for name, data in events(answer.content)}
        assert seen["meta"]["hedged"] == seen["done"]["hedged"] == ["first:m-first"]


async def test_the_slow_candidate_may_still_win(bare_deps: Deps) -> None:
    """RTE-13: the first real event decides, not who was called first."""
    played = scripted(COMPLETE)
    async with door(bare_deps, played) as client:
        ask = hedging(client, COMPLETE, JSON)
        await ask.practise()
        played.scripts["first"].steps = (Pause(0.2), *HELLO)
        played.scripts["second"].steps = SILENT
        answer = await ask()
        assert played.scripts["second"].closed.is_set()
    assert (answer.headers["x-speko-provider"], answer.headers["x-speko-failover-count"]) == ("first", "0")
    assert answer.json()["hedged"] == ["second:m-second"]


async def test_a_failing_rival_leaves_the_slow_candidate_running_and_the_next_one_is_called(bare_deps: Deps) -> None:
    """RTE-13, RTE-9: at most two run at a time."""
    played = cast(first=HELLO, second=(failure(FailureKind.UPSTREAM),), third=HELLO)
    async with door(bare_deps, played) as client:
        ask = hedging(client, COMPLETE, JSON)
        await ask.practise()
        played.scripts["first"].steps = SILENT
        answer = await ask()
    assert (answer.headers["x-speko-provider"], answer.headers["x-speko-failover-count"]) == ("third", "2")
    assert answer.headers["x-speko-hedged"] == "first:m-first"


async def test_a_callers_mistake_that_only_the_rival_notices_ends_both(bare_deps: Deps) -> None:
    """RTE-9"""
    played = scripted(COMPLETE, second=(failure(FailureKind.INVALID),))
    async with door(bare_deps, played) as client:
        ask = hedging(client, COMPLETE)
        await ask.practise()
        played.scripts["first"].steps = SILENT
        assert (await ask()).status_code == 400
        assert played.scripts["first"].closed.is_set()


@pytest.mark.parametrize("switch", ["intent", "policy", "setting"])
async def test_nobody_is_hedged_who_does_not_ask_for_latency_or_has_switched_it_off(
    bare_deps: Deps, switch: str
) -> None:
    """RTE-13"""
    settings = bare_deps.settings.model_copy(update={"hedging": switch != "setting"})
    played = scripted(COMPLETE)
    async with door(replace(bare_deps, settings=settings), played) as client:
        if switch == "policy":
            put = await client.put("/v1/routing/policies", json={"modality": "llm", "hedging": False})
            assert put.json()["hedging"] is False
        ask = Asking(client, COMPLETE, {}, "balanced" if switch == "intent" else "latency")
        await ask.practise()
        played.scripts["first"].steps = (Pause(0.15), *HELLO)
        answer = await ask()
    assert answer.headers["x-speko-provider"] == "first"
    assert "x-speko-hedged" not in answer.headers
    assert played.scripts["second"].requests == []


def charged(played: Cast, price: Price) -> ProviderRegistry:
    """The same vendors at a price."""

    def priced(model: ModelFacts) -> ModelFacts:
        return model.model_copy(update={"prices": (price,)})

    catalog = {
        name: facts.model_copy(update={"models": tuple(map(priced, facts.models))})
        for name, facts in played.registry.catalog.items()
    }
    return ProviderRegistry(played.registry.by_vendor, catalog)


@pytest.mark.parametrize(
    ("endpoint", "unit", "sent"),
    [(COMPLETE, "1m_input_tokens", 300), (SYNTHESIZE, "1m_characters", 2), (TRANSCRIBE, "minute", 50)],
)
async def test_what_was_sent_to_the_loser_is_paid_for(
    bare_deps: Deps, endpoint: Endpoint, unit: str, sent: int
) -> None:
    """RTE-13: prompt, characters or seconds, in a row of its own, and the ledger stays exact."""
    keys = {"first": SecretStr("k"), "second": SecretStr("k")}
    settings = bare_deps.settings.model_copy(update={"provider_keys": keys})
    played = cast(needs_key=True, first=endpoint.good, second=endpoint.good)
    priced = Cast(charged(played, PRICE.model_copy(update={"unit": unit})), played.scripts)
    async with door(replace(bare_deps, settings=settings), priced) as client:
        ask = hedging(client, endpoint)
        await ask.practise()
        played.scripts["first"].steps = SILENT
        await ask()
    async with bare_deps.database.transaction("org_1", read_only=True) as db:
        found = select(UsageEvent).where(UsageEvent.outcome == "hedged")
        (row,) = (await db.execute(found)).scalars().all()
    assert (row.provider, row.completion_tokens) == ("first", 0)
    assert row.prompt_tokens + row.characters + row.audio_ms == sent
    assert row.cost_micro_usd > 0
    assert await assert_exact(bare_deps, "org_1") == PRACTICE + 2


async def test_a_candidate_that_is_outrun_five_times_in_a_row_is_left_out_for_a_while(bare_deps: Deps) -> None:
    """RTE-13: a silent provider does not double every call."""
    played = scripted(COMPLETE)
    async with door(bare_deps, played) as client:
        ask = hedging(client, COMPLETE)
        await ask.practise()
        played.scripts["first"].steps = SILENT
        for _ in range(5):
            assert "x-speko-hedged" in (await ask()).headers
        answer = await ask()
    assert "x-speko-hedged" not in answer.headers
    assert (answer.headers["x-speko-provider"], answer.headers["x-speko-failover-count"]) == ("second", "0")


@pytest.mark.parametrize("endpoint", [COMPLETE, SYNTHESIZE], ids=lambda endpoint: endpoint.path)
async def test_text_in_and_nothing_out_is_a_failure_within_the_candidates_own_time(
    bare_deps: Deps, endpoint: Endpoint
) -> None:
    """ONE-11: long before the fixed limit of the endpoint, and the causes say why."""
    played = scripted(endpoint, second=(failure(FailureKind.UPSTREAM),))
    async with door(bare_deps, played) as client:
        ask = Asking(client, endpoint, {}, "balanced")
        await ask.practise()
        played.scripts["first"].steps = SILENT
        begun = time.perf_counter()
        answer = await ask()
        assert time.perf_counter() - begun < 4
    assert answer.status_code == 500
    assert "first:m-first was silent for" in answer.json()["error"]
    assert answer.json()["causes"][0] == {"provider": "first", "model": "m-first", "reason": "timeout"}


async def test_a_client_that_goes_away_cancels_both_runners_at_once(bare_deps: Deps) -> None:
    """ONE-7, RTE-13"""
    played = scripted(COMPLETE)
    async with door(bare_deps, played) as client:
        await hedging(client, COMPLETE).practise()
    played.scripts["first"].steps = played.scripts["second"].steps = SILENT
    for script in played.scripts.values():
        script.called.clear()
        script.closed.clear()
    async with serving(create_app(with_cast(bare_deps, played))) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_bytes("/v1/complete", known_key(bare_deps), "latency"))
        async with asyncio.timeout(5):
            await asyncio.gather(*(script.called.wait() for script in played.scripts.values()))
        writer.close()
        gone = time.perf_counter()
        async with asyncio.timeout(5):
            await asyncio.gather(*(script.closed.wait() for script in played.scripts.values()))
        assert time.perf_counter() - gone < CANCEL_WITHIN_S


class Recovering:
    """Health in which `second` is just being tried by another call, and everybody is usually quick."""

    def begin(self, candidate: Ranked) -> bool:
        return candidate.vendor != "second"

    def pace(self, candidate: Ranked) -> Pace:
        return Pace(hedge_s=0.02)

    def succeeded(self, candidate: Ranked, first_event_s: float) -> None: ...

    def outrun(self, candidate: Ranked, waited_s: float) -> None: ...

    def flowed(self, candidate: Ranked, silence_s: float) -> None: ...

    def failed(self, candidate: Ranked, error: ProviderError) -> None: ...

    def abandon(self) -> None: ...


def attempt(vendor: str, *steps: Step) -> Attempt[object]:
    """A candidate that plays a script."""
    played = cast(**{vendor: steps})  # type: ignore[arg-type]  # the vendor's name is no option
    facts = played.registry.catalog[vendor].models[0]
    candidate = Ranked(Offer(vendor, facts, sandbox=False), None, "unmeasured")
    return Attempt(candidate, lambda: played.scripts[vendor].play(None))


async def test_a_recovering_last_candidate_is_no_rival_but_the_last_resort() -> None:
    """RTE-12, RTE-13: one call at a time tries it, until there is nobody else."""
    attempts = [attempt("first", Pause(0.1), failure(FailureKind.UPSTREAM)), attempt("second", *HELLO)]
    failover = Failover(attempts, Timing(5, 5, 5), lambda event: isinstance(event, TextDelta), Recovering())
    async with aclosing(failover):
        await failover.start()
    assert failover.current.vendor == "second"
    assert failover.outrun == []
    assert [failure.candidate.vendor for failure in failover.failures] == ["first"]


async def test_all_candidates_of_a_json_answer_share_one_limit(bare_deps: Deps) -> None:
    """RTE-10: also those that break off in the middle, which begin the search anew."""
    stalls = (HELLO[0], Pause(FOREVER))
    played = cast(first=stalls, second=stalls, third=HELLO)
    deps = with_cast(bare_deps, played)
    principal = Principal("api_key", "key_1", "org_1", ALL_SCOPES, "live")
    data = CompleteInput.model_validate({**BODY, "intent": {"language": "en"}})
    async with aclosing(await open_complete(deps, principal, data, timing=Timing(5, 0.1, 0.15))) as call:
        with pytest.raises(AllProvidersFailed):
            await call.collect()
    assert played.scripts["third"].requests == []


@pytest.mark.parametrize("kind", [FailureKind.AUTH, FailureKind.QUOTA, FailureKind.NETWORK])
async def test_what_fails_for_the_whole_vendor_costs_one_attempt(bare_deps: Deps, kind: FailureKind) -> None:
    """RTE-9: its other models are skipped."""
    played = cast(first=(failure(kind),), second=HELLO)
    async with door(bare_deps, with_models(played, "first", 3)) as client:
        answer = await COMPLETE.call(client, JSON)
    assert (answer.headers["x-speko-provider"], answer.headers["x-speko-failover-count"]) == ("second", "1")
    assert len(played.scripts["first"].requests) == 1


@pytest.mark.parametrize("kind", [FailureKind.AUTH, FailureKind.QUOTA, FailureKind.NETWORK])
async def test_what_was_skipped_is_listed_among_the_causes(bare_deps: Deps, kind: FailureKind) -> None:
    """RTE-10: in the order of the chain, with the reason."""
    played = cast(first=(failure(kind),), second=(failure(FailureKind.UPSTREAM),))
    async with door(bare_deps, with_models(played, "first", 3)) as client:
        answer = await COMPLETE.call(client, JSON)
    assert [cause["reason"] for cause in answer.json()["causes"]] == [str(kind), "skipped", "skipped", "upstream"]
    assert "first:m-first-2 was not called, because first" in answer.json()["error"]


async def test_a_failure_of_one_model_leaves_the_others_of_its_vendor(bare_deps: Deps) -> None:
    """RTE-9"""
    played = cast(first=(failure(FailureKind.UPSTREAM),), second=HELLO)
    async with door(bare_deps, with_models(played, "first", 3)) as client:
        answer = await COMPLETE.call(client)
    assert answer.headers["x-speko-failover-count"] == "3"


def with_models(played: Cast, vendor: str, count: int) -> Cast:
    """The vendor with more models, ranked one after the other."""
    facts = played.registry.catalog[vendor]
    more = tuple(
        model.model_copy(update={"id": f"{model.id}-{number}"})
        for number in range(2, count + 1)
        for model in facts.models
    )
    catalog = {**played.registry.catalog, vendor: facts.model_copy(update={"models": (*facts.models, *more)})}
    return Cast(ProviderRegistry(played.registry.by_vendor, catalog), played.scripts)
