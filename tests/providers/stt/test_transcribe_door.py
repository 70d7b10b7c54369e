"""`POST /v1/transcribe` with a live key: the real router, the real adapters, the vendors' fakes."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import pytest
from pydantic import SecretStr

from speko_core.deps import build_deps
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, add_tenant, rest_client
from tests.fakes.vendors.assemblyai_stt import FakeAssemblyAiSync
from tests.fakes.vendors.base import FakeVendor
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.cartesia_stt import FakeCartesiaStt
from tests.fakes.vendors.deepgram_stt import FakeDeepgramStt
from tests.fakes.vendors.elevenlabs_stt import FakeElevenLabsStt
from tests.fakes.vendors.openai_stt import FakeGroqStt, FakeOpenAiStt, FakeWhisperServer
from tests.fakes.vendors.recordings import HEARD
from tests.gateway.oneshot_door import events
from tests.providers.stt.recognizers import WAV

FAKES: tuple[tuple[type[FakeVendor], str], ...] = (
    (FakeAssemblyAiSync, ""),
    (FakeCartesiaStt, ""),
    (FakeDeepgramStt, ""),
    (FakeElevenLabsStt, ""),
    (FakeGroqStt, "/openai/v1"),
    (FakeOpenAiStt, "/v1"),
)
BASES = {fake.vendor: (fake, path) for fake, path in FAKES}
INTENT = {"x-speko-intent": '{"language":"en-US"}', "content-type": "audio/wav"}
JSON = {"accept": "application/json"}
TROUBLES = [
    Behaviour(Trouble.EMPTY),
    Behaviour(Trouble.NOTHING),
    Behaviour(Trouble.TRUNCATED),
    Behaviour(Trouble.CUT),
    Behaviour(Trouble.MALFORMED),
    *(refusing(status) for status in (401, 402, 429, 500, 503)),
]
NAMES = [f"{trouble.trouble}-{trouble.status}" for trouble in TROUBLES]


@dataclass(frozen=True)
class Door:
    """The gateway and the vendors behind it."""

    client: httpx.AsyncClient
    fakes: Mapping[str, FakeVendor]

    async def post(self, **headers: str) -> httpx.Response:
        """Transcribe a second of audio."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/v1/transcribe", content=WAV, headers={**INTENT, **named})

    async def first(self) -> str:
        """The vendor that the router prefers."""
        return (await self.post(**JSON)).headers["x-speko-provider"]


@asynccontextmanager
async def door(folder: Path, migrated: Path, *vendors: str, **more: str) -> AsyncIterator[Door]:
    """A gateway with platform keys for these vendors, and an organization with a live key."""
    shutil.copy(migrated, folder / "speko.sqlite")
    async with AsyncExitStack() as open_:
        fakes = {vendor: await open_.enter_async_context(BASES[vendor][0]().serving()) for vendor in vendors}
        settings = Settings(
            data_dir=folder,
            master_key=MASTER_KEY,
            provider_keys={vendor: SecretStr(fake.key) for vendor, fake in fakes.items()},
            provider_urls={vendor: fake.url + BASES[vendor][1] for vendor, fake in fakes.items()},
            _env_file=None,
            **more,  # type: ignore[arg-type]  # plain settings by name
        )
        deps = build_deps(settings)
        open_.push_async_callback(deps.aclose)
        tenant = await add_tenant(deps)
        client = await open_.enter_async_context(rest_client(deps, tenant.key))
        yield Door(client, fakes)


@pytest.mark.parametrize("vendor", BASES)
async def test_a_vendor_with_a_key_answers(tmp_path: Path, migrated_sqlite: Path, vendor: str) -> None:
    """ONE-1, ONE-2, RTE-16: as events and as one object, under the platform's key."""
    async with door(tmp_path, migrated_sqlite, vendor) as here:
        whole, streamed = await here.post(**JSON), await here.post()

    assert (whole.status_code, whole.json()["text"]) == (200, HEARD)
    assert whole.headers["x-speko-provider"] == vendor
    found = events(streamed.content)
    finals = [orjson.loads(data) for name, data in found if name == "transcript" and orjson.loads(data)["isFinal"]]
    assert " ".join(final["text"] for final in finals) == HEARD
    assert [name for name, _ in found if name != "transcript"] == ["meta", "done"]


@pytest.mark.parametrize("streamed", [True, False], ids=["events", "json"])
@pytest.mark.parametrize("trouble", TROUBLES, ids=NAMES)
async def test_the_next_vendor_takes_over(
    tmp_path: Path, migrated_sqlite: Path, trouble: Behaviour, streamed: bool
) -> None:
    """RTE-9, ONE-6, ONE-11: nothing of the first is ever seen."""
    async with door(tmp_path, migrated_sqlite, "groq", "assemblyai") as here:
        broken = await here.first()
        here.fakes[broken].always = trouble
        answer = await here.post(**({} if streamed else JSON))

    body = answer.content.decode()
    assert answer.status_code == 200
    assert answer.headers["x-speko-provider"] in set(here.fakes) - {broken}
    assert int(answer.headers["x-speko-failover-count"]) >= 1
    assert HEARD in body
    assert broken not in body
    assert "secret" not in body
    if streamed:
        assert [name for name, _ in events(answer.content) if name != "transcript"] == ["meta", "done"]


async def test_what_breaks_after_its_first_words_is_told(tmp_path: Path, migrated_sqlite: Path) -> None:
    """ONE-6: an event stream ends with `error`; one object has shown nothing and starts over."""
    async with door(tmp_path, migrated_sqlite, "openai", "groq") as here:
        here.fakes["openai"].always = Behaviour(Trouble.CUT)
        here.fakes["groq"].always = refusing(503)
        pinned = '{"allowedProviders":{"stt":["openai:gpt-4o-mini-transcribe","groq:whisper-large-v3"]}}'
        streamed = await here.post(x_speko_constraints=pinned)
        here.fakes["groq"].always = Behaviour()
        whole = await here.post(**JSON, x_speko_constraints=pinned)

    assert [name for name, _ in events(streamed.content)] == ["meta", "transcript", "error"]
    assert (whole.status_code, whole.json()["text"], whole.headers["x-speko-provider"]) == (200, HEARD, "groq")


async def test_every_vendor_down_is_the_documented_failure(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-10: each is named, without its own words."""
    async with door(tmp_path, migrated_sqlite, *BASES) as here:
        for fake in here.fakes.values():
            fake.always = refusing(503)
        answer = await here.post(**JSON)

    assert (answer.status_code, answer.json()["code"]) == (500, "TRANSCRIBE_FAILED")
    assert all(vendor in answer.json()["error"] for vendor in BASES)
    assert "secret" not in answer.text


async def test_a_callers_mistake_comes_back_at_once(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-9: another vendor would not help."""
    async with door(tmp_path, migrated_sqlite, "groq", "elevenlabs") as here:
        first = await here.first()
        here.fakes[first].always = refusing(400)
        second = next(fake for vendor, fake in here.fakes.items() if vendor != first)
        answer = await here.post(**JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_AUDIO")
    assert second.seen == []


async def test_keywords_go_to_models_that_have_them(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-20: the router goes around Ink Whisper and Scribe v1."""
    async with door(tmp_path, migrated_sqlite, "cartesia", "elevenlabs") as here:
        await here.post(**JSON, x_speko_stt_options='{"keywords":["Ava"]}')
        seen = [seen for fake in here.fakes.values() for seen in fake.seen]

    assert len(seen) == 1
    assert "Ava" in str(seen[0].query) or b"\r\n\r\nAva\r\n" in seen[0].body


async def test_a_prompt_without_a_place_is_named_in_the_answer(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-20: it shapes an answer without deciding it, so a model without one still serves, and says so."""
    options = '{"prompt":"A call with a dentist."}'
    for vendor, ignored in (("deepgram", "prompt"), ("groq", None)):
        async with door(tmp_path, migrated_sqlite, vendor) as here:
            answer = await here.post(**JSON, x_speko_stt_options=options)
        assert (answer.status_code, answer.headers.get("x-speko-ignored-options")) == (200, ignored)


async def test_a_server_of_the_operators_own_answers(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-16: any `/v1/audio/transcriptions`, with no key at all."""
    async with FakeWhisperServer().serving() as fake:
        fake.open = True
        declared = {"compatible_stt_url": f"{fake.url}/v1", "compatible_stt_models": "my-whisper"}
        async with door(tmp_path, migrated_sqlite, **declared) as here:
            answer = await here.post(**JSON)

    assert (answer.json()["text"], answer.headers["x-speko-provider"]) == (HEARD, "compatible")
    assert "authorization" not in fake.seen[0].headers
