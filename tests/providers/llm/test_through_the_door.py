"""`POST /v1/complete` with a live key, the platform's provider keys, and the vendors' fakes at their addresses."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from speko_core.deps import Deps, build_deps
from speko_core.principal import Mode
from speko_core.settings import Settings
from speko_gateway.app import create_app
from tests.conftest import MASTER_KEY, Tenant, add_tenant, rest_client
from tests.fakes.vendors.anthropic_llm import FakeAnthropic
from tests.fakes.vendors.base import PROMPTLY_S, FakeVendor
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.google_llm import FakeGemini
from tests.fakes.vendors.openai_llm import FakeGroqChat, FakeOpenAiChat, FakeSelfHosted, FakeXaiChat
from tests.gateway.oneshot_door import JSON, events
from tests.gateway.test_oneshot_streams import serving
from tests.twins import MovedClock

HI = [{"role": "user", "content": "Hi"}]
BEFORE_THE_END = datetime(2026, 12, 1, tzinfo=UTC)
AFTER_THE_END = datetime(2027, 2, 1, tzinfo=UTC)
CLOUD = [FakeOpenAiChat, FakeAnthropic, FakeGemini, FakeGroqChat, FakeXaiChat]


@dataclass
class House:
    """A running gateway and the vendors it knows."""

    deps: Deps
    tenant: Tenant
    vendors: dict[str, FakeVendor]

    def client(self, mode: Mode = "live") -> httpx.AsyncClient:
        """The REST door with one of the organization's keys."""
        return rest_client(self.deps, self.tenant.key if mode == "live" else self.tenant.test_key)

    async def complete(self, *allowed: str, mode: Mode = "live", json: bool = True, **fields: object) -> httpx.Response:
        """Ask for an answer, optionally from an allow-list only."""
        body: dict[str, object] = {"messages": HI, "intent": {"language": "en"}, **fields}
        if allowed:
            body["constraints"] = {"allowedProviders": {"llm": list(allowed)}}
        async with self.client(mode) as client:
            return await client.post("/v1/complete", json=body, headers=JSON if json else {})

    def calls(self) -> dict[str, int]:
        """How often each vendor was asked."""
        return {name: len(fake.seen) for name, fake in self.vendors.items() if fake.seen}


OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house(migrated_sqlite: Path, tmp_path: Path) -> OpenHouse:
    """Opens gateways, each with a database of its own."""
    folders = count()

    def open_house(*fakes: type[FakeVendor], **options: Any) -> AbstractAsyncContextManager[House]:
        folder = tmp_path / str(next(folders))
        folder.mkdir()
        shutil.copy(migrated_sqlite, folder / "speko.sqlite")
        return opened(folder, *fakes, **options)

    return open_house


@asynccontextmanager
async def opened(
    folder: Path, *fakes: type[FakeVendor], now: datetime = BEFORE_THE_END, self_hosted: bool = False
) -> AsyncIterator[House]:
    """A gateway whose platform keys are those of `fakes`."""
    async with AsyncExitStack() as stack:
        vendors = {fake.vendor: await stack.enter_async_context(fake().serving()) for fake in fakes}
        urls: dict[str, str] = {name: fake.base_url for name, fake in vendors.items()}  # type: ignore[attr-defined]
        for name, fake in vendors.items():
            fake.key = f"platform-key-of-{name}"
        if self_hosted:
            vendors["compatible"] = await stack.enter_async_context(FakeSelfHosted().serving())
        settings = Settings(
            data_dir=folder,
            master_key=MASTER_KEY,
            provider_keys={name: SecretStr(f"platform-key-of-{name}") for name in urls},
            provider_urls=urls,
            compatible_llm_url=vendors["compatible"].base_url if self_hosted else "",  # type: ignore[attr-defined]
            compatible_llm_models="llama3.2, qwen3" if self_hosted else "",
            _env_file=None,
        )
        built = build_deps(settings)
        stack.push_async_callback(built.aclose)
        deps = replace(built, clock=MovedClock(now))
        yield House(deps, await add_tenant(deps), vendors)


@pytest.mark.parametrize("fake", CLOUD, ids=lambda fake: fake.vendor)
@pytest.mark.parametrize("json", [True, False], ids=["json", "events"])
async def test_a_platform_key_makes_its_vendor_answer(house: OpenHouse, fake: type[FakeVendor], json: bool) -> None:
    """RTE-8, ONE-4, ONE-5: without any other configuration, in preference to the offline model."""
    async with house(fake) as running:
        answer = await running.complete(json=json)
        asked = running.vendors[fake.vendor].seen[0]
    assert answer.status_code == 200
    assert answer.headers["x-speko-provider"] == fake.vendor
    assert answer.headers["x-speko-failover-count"] == "0"
    done = answer.json() if json else orjson.loads(events(answer.content)[-1][1])
    assert (done["text"], done["usage"]) == ("Hello there.", {"promptTokens": 11, "completionTokens": 7})
    assert f"platform-key-of-{fake.vendor}" in str(asked.headers)


@pytest.mark.parametrize(
    "behaviour",
    [refusing(500), refusing(429), refusing(401), refusing(529), Behaviour(Trouble.EMPTY), Behaviour(Trouble.NOTHING)],
    ids=lambda behaviour: f"{behaviour.trouble}{behaviour.status}",
)
async def test_the_next_vendor_answers_when_the_first_fails(house: OpenHouse, behaviour: Behaviour) -> None:
    """RTE-9, ONE-6, ONE-11: unseen by the caller, and with its own key only."""
    async with house(FakeOpenAiChat, FakeAnthropic) as running:
        first = (await running.complete()).headers["x-speko-provider"]
        second = next(name for name in running.vendors if name != first)
        running.vendors[first].always = behaviour
        answer = await running.complete(json=False)
        taken_over = running.vendors[second].seen
    assert (answer.status_code, answer.headers["x-speko-provider"]) == (200, second)
    assert int(answer.headers["x-speko-failover-count"]) >= 1
    assert [name for name, _ in events(answer.content)] == ["meta", "delta", "delta", "delta", "done"]
    assert all(f"platform-key-of-{first}" not in str(seen.headers) for seen in taken_over)


async def test_all_vendors_failing_is_one_documented_error_without_their_words(house: OpenHouse) -> None:
    """RTE-10: and the offline model does not step in."""
    async with house(FakeOpenAiChat, FakeAnthropic) as running:
        for fake in running.vendors.values():
            fake.always = refusing(503)
        answer = await running.complete("openai:gpt-5.5", "anthropic:claude-haiku-4-5")
    assert (answer.status_code, answer.json()["code"]) == (500, "COMPLETE_FAILED")
    assert "secret" not in answer.text


async def test_a_callers_mistake_comes_back_at_once(house: OpenHouse) -> None:
    """RTE-9: another vendor would not help."""
    async with house(FakeOpenAiChat, FakeAnthropic) as running:
        for fake in running.vendors.values():
            fake.always = refusing(400, "context_length_exceeded")
        answer = await running.complete()
        calls = running.calls()
    assert answer.status_code == 400
    assert sum(calls.values()) == 1


async def test_an_answer_that_breaks_ends_with_an_error_event(house: OpenHouse) -> None:
    """ONE-6"""
    async with house(FakeOpenAiChat) as running:
        running.vendors["openai"].always = Behaviour(Trouble.CUT)
        answer = await running.complete(json=False)
    names = [name for name, _ in events(answer.content)]
    assert (names[0], names[-1], "done" in names) == ("meta", "error", False)


async def test_a_test_key_never_reaches_a_cloud_vendor(house: OpenHouse) -> None:
    """ORG-4: not by default, not when pinned, not with options the offline model lacks."""
    async with house(*CLOUD, self_hosted=True) as running:
        answers = [
            await running.complete(mode="test"),
            await running.complete("openai:gpt-5.5", mode="test"),
            await running.complete("compatible:llama3.2", "anthropic", mode="test"),
            await running.complete(mode="test", temperature=0.2, reasoningEffort="high"),
        ]
        assert running.calls() == {}
    assert {answer.headers["x-speko-provider"] for answer in answers} == {"sandbox"}


async def test_a_pin_without_benchmark_data_fails_and_calls_nobody(house: OpenHouse) -> None:
    """RTE-5"""
    async with house(FakeOpenAiChat) as running:
        answer = await running.complete("openai:gpt-6-astra")
        assert running.calls() == {}
    assert (answer.status_code, answer.json()["code"]) == (500, "COMPLETE_FAILED")
    assert "no benchmark data" in answer.json()["error"]


async def test_a_server_the_operator_declares_may_be_pinned_and_ranks_last(house: OpenHouse) -> None:
    """RTE-5, RTE-16"""
    async with house(FakeOpenAiChat, self_hosted=True) as running:
        pinned = await running.complete("compatible:qwen3")
        usual = await running.complete()
        running.vendors["openai"].always = refusing(500)
        fallen = await running.complete("openai:gpt-5.5", "compatible")
    assert (pinned.json()["provider"], pinned.json()["model"]) == ("compatible", "qwen3")
    assert usual.json()["provider"] == "openai"
    assert (fallen.json()["provider"], fallen.json()["model"]) == ("compatible", "llama3.2")


async def test_a_model_warns_before_its_end_and_is_not_picked_after_it(house: OpenHouse) -> None:
    """RTE-16: `gpt-4.1` ends on 2027-01-14."""
    async with house(FakeOpenAiChat) as running:
        before = await running.complete("openai:gpt-4.1")
        async with running.client() as client:
            known = (await client.get("/v1/providers/known")).json()["llm"]
    async with house(FakeOpenAiChat, now=AFTER_THE_END) as running:
        after = await running.complete("openai:gpt-4.1")
        assert running.calls() == {}
    assert before.headers["x-speko-model-deprecated"] == "2027-01-14"
    assert {row["id"]: row["deprecatedOn"] for row in known}["openai:gpt-4.1"] == "2027-01-14"
    assert after.status_code == 500
    assert "its vendor has ended it" in after.json()["error"]


async def test_what_a_model_has_no_place_for_is_left_out_and_named(house: OpenHouse) -> None:
    """RTE-20: a temperature is a 400 at a reasoning model, and never dropped in silence."""
    async with house(FakeOpenAiChat) as running:
        told = await running.complete("openai:gpt-5.5", temperature=0.3)
        kept = await running.complete("openai:gpt-4.1", temperature=0.3)
        sent = [seen.json.get("temperature") for seen in running.vendors["openai"].seen]
    assert told.headers["x-speko-ignored-options"] == "temperature"
    assert "x-speko-ignored-options" not in kept.headers
    assert sent == [None, 0.3]


async def test_a_caller_who_hangs_up_cancels_the_vendors_answer(house: OpenHouse) -> None:
    """ONE-7: within 100 ms from one socket to the other."""
    async with house(FakeOpenAiChat) as running:
        running.vendors["openai"].always = Behaviour(Trouble.STALL)
        async with serving(create_app(running.deps)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = orjson.dumps({"messages": HI, "intent": {"language": "en"}})
            key = running.tenant.key
            head = (
                f"POST /v1/complete HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {len(body)}"
            )
            writer.write(head.encode() + b"\r\n\r\n" + body)
            async with asyncio.timeout(5):
                await reader.readuntil(b"Hel")
            left = asyncio.get_running_loop().time()
            writer.close()
            seen = await running.vendors["openai"].until_hung_up()
    assert seen - left < PROMPTLY_S


async def test_many_callers_are_answered_at_once(house: OpenHouse) -> None:
    """RTE-19: every one whole, over connections that are kept."""
    async with house(FakeGroqChat) as running:
        answers: Sequence[httpx.Response] = await asyncio.gather(*(running.complete() for _ in range(40)))
        connections = {seen.connection for seen in running.vendors["groq"].seen}
    assert {answer.json()["text"] for answer in answers} == {"Hello there."}
    assert len(connections) <= 40
