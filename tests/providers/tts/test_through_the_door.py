"""`POST /v1/synthesize` with a live key, the platform's provider keys, and the vendors' fakes at their addresses."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from speko_core.audio import decode
from speko_core.deps import Deps, build_deps
from speko_core.settings import Settings
from speko_gateway.app import create_app
from tests.conftest import MASTER_KEY, Tenant, add_tenant, rest_client
from tests.fakes.vendors.base import PROMPTLY_S, FakeVendor
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.speech import SECONDS, spoken
from tests.gateway.test_oneshot_streams import serving
from tests.providers.tts.stage import VOICES, Voice, every_voice, named

PCM = "audio/pcm;rate=24000"


@dataclass
class House:
    """A running gateway and the vendors it knows."""

    deps: Deps
    tenant: Tenant
    fakes: dict[str, FakeVendor]

    async def say(self, accept: str = "*/*", **fields: object) -> httpx.Response:
        """Have a text spoken."""
        body = {"text": "Hello there.", "intent": {"language": "en"}, **fields}
        async with rest_client(self.deps, self.tenant.key) as client:
            return await client.post("/v1/synthesize", json=body, headers={"Accept": accept})


OpenHouse = Callable[[Sequence[Voice]], AbstractAsyncContextManager[House]]


@pytest.fixture
def house(migrated_sqlite: Path, tmp_path: Path) -> OpenHouse:
    """Opens a gateway over some vendors."""
    shutil.copy(migrated_sqlite, tmp_path / "speko.sqlite")
    return lambda voices: opened(tmp_path, voices)


@asynccontextmanager
async def opened(folder: Path, voices: Sequence[Voice]) -> AsyncIterator[House]:
    """A gateway whose platform keys are those of the fakes."""
    async with AsyncExitStack() as stack:
        fakes = {voice.vendor: await stack.enter_async_context(voice.fake().serving()) for voice in voices}
        urls = {voice.vendor: fakes[voice.vendor].url + voice.path for voice in voices}
        declared = urls.pop("compatible", "")
        settings = Settings(
            data_dir=folder,
            master_key=MASTER_KEY,
            provider_keys={name: SecretStr(fakes[name].key) for name in urls},
            provider_urls=urls,
            compatible_tts_url=declared,
            compatible_tts_models="kokoro" if declared else "",
            _env_file=None,
        )
        deps = build_deps(settings)
        stack.push_async_callback(deps.aclose)
        yield House(deps, await add_tenant(deps), fakes)


@every_voice
async def test_a_platform_key_makes_its_vendor_speak(house: OpenHouse, voice: Voice) -> None:
    """RTE-16, ONE-3: with the model's default voice, in PCM."""
    async with house([voice]) as running:
        answer = await running.say()
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-speko-provider"] == voice.vendor
    assert answer.headers["content-type"] == PCM
    assert answer.content == spoken()


@pytest.mark.parametrize(
    "behaviour",
    [
        refusing(401),
        refusing(402),
        refusing(429),
        refusing(503),
        Behaviour(Trouble.EMPTY),
        Behaviour(Trouble.NOTHING),
    ],
    ids=lambda behaviour: f"{behaviour.trouble}{behaviour.status}",
)
async def test_the_next_vendor_speaks_when_the_first_fails(house: OpenHouse, behaviour: Behaviour) -> None:
    """RTE-9, ONE-6, ONE-11: unseen by the caller."""
    async with house([named("alibaba"), named("xai"), named("deepgram")]) as running:
        first = (await running.say()).headers["x-speko-provider"]
        running.fakes[first].always = behaviour
        answer = await running.say()
    assert answer.status_code == 200
    assert answer.headers["x-speko-provider"] != first
    assert answer.headers["x-speko-failover-count"] == "1"
    assert answer.content == spoken()


async def test_when_all_fail_each_is_named(house: OpenHouse) -> None:
    """RTE-10"""
    async with house([named("cartesia"), named("alibaba")]) as running:
        for fake in running.fakes.values():
            fake.always = refusing(500)
        answer = await running.say()
    assert (answer.status_code, answer.json()["code"]) == (500, "SYNTHESIZE_FAILED")
    assert "cartesia:" in answer.json()["error"]
    assert "alibaba:" in answer.json()["error"]
    assert "secret prompt" not in answer.text


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.vendor)
async def test_after_the_first_sound_a_failure_cuts_the_connection(house: OpenHouse, voice: Voice) -> None:
    """ONE-6: never a silent truncation, and no second voice continues the sentence."""
    others = [other for other in VOICES if other is not voice][:1]
    async with house([voice, *others]) as running:
        running.fakes[voice.vendor].always = Behaviour(Trouble.CUT, gap_s=0.05)
        body = {
            "text": "Hi.",
            "intent": {"language": "en"},
            "constraints": {"allowedProviders": {"tts": [voice.vendor]}},
        }
        headers = {"Authorization": f"Bearer {running.tenant.key}"}
        async with serving(create_app(running.deps)) as port, httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{port}/v1/synthesize"
            async with client.stream("POST", url, json=body, headers=headers) as answer:
                assert answer.status_code == 200
                with pytest.raises(httpx.RemoteProtocolError):
                    await answer.aread()


async def test_a_caller_who_leaves_cancels_the_upstream_call(house: OpenHouse) -> None:
    """ONE-7: within 100 ms, seen at the vendor."""
    async with house([named("openai")]) as running:
        fake = running.fakes["openai"]
        fake.always = Behaviour(Trouble.STALL)
        headers = {"Authorization": f"Bearer {running.tenant.key}", "Accept": "audio/mpeg, audio/pcm;q=0.5"}
        async with serving(create_app(running.deps)) as port, httpx.AsyncClient() as client:
            say = {"text": "Hi.", "intent": {"language": "en"}}
            speaking = asyncio.create_task(
                client.post(f"http://127.0.0.1:{port}/v1/synthesize", json=say, headers=headers)
            )
            async with asyncio.timeout(5):
                while not fake.answering:  # noqa: ASYNC110 - the server has no event for it
                    await asyncio.sleep(0.005)
            speaking.cancel()
            left = asyncio.get_running_loop().time()
            with pytest.raises(asyncio.CancelledError):
                await speaking
            assert await fake.until_hung_up() - left < PROMPTLY_S


@pytest.mark.parametrize("accept", ["audio/mpeg", "audio/ogg", "audio/wav", "audio/pcm;rate=16000"])
async def test_the_format_asked_for_comes_from_any_vendor(house: OpenHouse, accept: str) -> None:
    """ONE-10"""
    async with house([named("inworld")]) as running:
        answer = await running.say(accept)
    assert answer.headers["content-type"] == answer.headers["x-speko-audio-format"]
    assert answer.headers["content-type"].startswith(accept)
    assert abs(decode(answer.content, answer.headers["content-type"]).duration_s - SECONDS) <= 0.05


async def test_a_speed_beyond_a_models_range_goes_to_one_that_has_it(house: OpenHouse) -> None:
    """RTE-20: known as data, so nobody is asked in vain and nothing is dropped in silence."""
    async with house([named("elevenlabs"), named("openai"), named("xai")]) as running:
        answer = await running.say(speed=1.9)
        assert answer.headers["x-speko-provider"] == "openai"
        assert running.fakes["elevenlabs"].seen == []
        refused = await running.say(speed=1.9, constraints={"allowedProviders": {"tts": ["elevenlabs"]}})
    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR")
    assert "speed" in refused.json()["error"]


async def test_a_style_goes_to_the_model_that_has_one_and_is_named_where_it_is_left_out(house: OpenHouse) -> None:
    """RTE-20"""
    async with house([named("openai"), named("xai")]) as running:
        warm = await running.say(instructions="Warm.", constraints={"allowedProviders": {"tts": ["openai"]}})
        plain = await running.say(instructions="Warm.", constraints={"allowedProviders": {"tts": ["xai"]}})
        sent = running.fakes["openai"].seen[0].json
    assert sent["instructions"] == "Warm."
    assert "x-speko-ignored-options" not in warm.headers
    assert plain.headers["x-speko-ignored-options"] == "instructions"
