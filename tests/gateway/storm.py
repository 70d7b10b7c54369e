"""A storm: mixed calls over real sockets against vendors that fail at random, each answer judged by what is documented.

Everything runs in one process, so that afterwards nothing can hide: tasks, sockets and upstream answers are counted.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import httpx
import orjson
import uvicorn
from pydantic import SecretStr
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from speko_core.accounts.models import Organization
from speko_core.audio import wav_bytes
from speko_core.deps import Deps, build_deps
from speko_core.metering.models import UsageEvent
from speko_core.oneshot import complete, synthesize
from speko_core.oneshot.transcribe import timing_for
from speko_core.settings import Settings
from speko_gateway.app import create_app
from tests.conftest import add_key
from tests.core.metering_kit import assert_exact
from tests.fakes.vendors.anthropic_llm import FakeAnthropic
from tests.fakes.vendors.base import FakeVendor, Played, Seen
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.deepgram_stt import FakeDeepgramStt
from tests.fakes.vendors.deepgram_tts import FakeDeepgramTts
from tests.fakes.vendors.elevenlabs_stt import FakeElevenLabsStt
from tests.fakes.vendors.elevenlabs_tts import FakeElevenLabsTts
from tests.fakes.vendors.openai_llm import FakeGroqChat, FakeOpenAiChat
from tests.fakes.vendors.openai_stt import FakeGroqStt, FakeOpenAiStt
from tests.fakes.vendors.openai_tts import FakeOpenAiTts
from tests.gateway.oneshot_door import events
from tests.serving import served

SECONDS = 0.25
WAV = wav_bytes(bytes(round(SECONDS * 32_000)), 16_000)
# Beyond the documented limits: a busy machine schedules late.
GRACE_S = 5.0
SETTLED_WITHIN_S = 10.0
VENDORS = {"openai": "/v1", "groq": "/openai/v1", "deepgram": "", "elevenlabs": "", "anthropic": ""}
SLOW_S, SLOWER_S = 0.05, 0.4

WEATHER: Sequence[tuple[float, Behaviour]] = (
    (60, Behaviour()),
    (10, Behaviour(Trouble.SLOW, delay_s=SLOW_S)),
    (4, Behaviour(Trouble.SLOW, delay_s=SLOWER_S)),
    (1, Behaviour(Trouble.SILENT)),
    (1, Behaviour(Trouble.STALL)),
    (4, refusing(429, retry_after="0")),
    (1, refusing(429, retry_after="1")),
    (5, refusing(500)),
    (3, refusing(503)),
    (3, Behaviour(Trouble.EMPTY)),
    (2, Behaviour(Trouble.NOTHING)),
    (2, Behaviour(Trouble.MALFORMED)),
    (2, Behaviour(Trouble.TRUNCATED)),
    (2, Behaviour(Trouble.CUT)),
)


# Now and then everybody is down at once: of so many answers, so many.
EVERY, DOWN = 400, 30


class Stormy(FakeVendor):
    """A fake whose every answer is drawn from the weather; nothing it was asked is kept."""

    dice = random.Random(0)
    drawn: Iterator[int] = count()

    def behave(self) -> Behaviour:
        if self._next:
            return self._next.popleft()
        if next(self.drawn) % EVERY >= EVERY - DOWN:
            return refusing(503)
        weights, behaviours = zip(*WEATHER, strict=True)
        found: Behaviour = self.dice.choices(behaviours, weights)[0]
        return found

    def play(self, request: Request, played: Played) -> Response:
        self.then(self.behave())
        return super().play(request, played)

    async def record(self, request: Request) -> Seen:
        seen = await super().record(request)
        self.seen.clear()
        return seen


class _OpenAiChat(Stormy, FakeOpenAiChat): ...


class _OpenAiStt(Stormy, FakeOpenAiStt): ...


class _OpenAiTts(Stormy, FakeOpenAiTts): ...


class _GroqChat(Stormy, FakeGroqChat): ...


class _GroqStt(Stormy, FakeGroqStt): ...


class _DeepgramStt(Stormy, FakeDeepgramStt): ...


class _DeepgramTts(Stormy, FakeDeepgramTts): ...


class _ElevenLabsStt(Stormy, FakeElevenLabsStt): ...


class _ElevenLabsTts(Stormy, FakeElevenLabsTts): ...


class _Anthropic(Stormy, FakeAnthropic): ...


FAKES: Sequence[type[Stormy]] = (
    _OpenAiChat, _OpenAiStt, _OpenAiTts, _GroqChat, _GroqStt, _DeepgramStt, _DeepgramTts, _ElevenLabsStt,
    _ElevenLabsTts, _Anthropic,
)  # fmt: skip


def stormy_settings(settings: Settings, vendors_url: str) -> Settings:
    """The same installation with the platform's keys of the stormy vendors, and no rate limits of our own."""
    return settings.model_copy(
        update={
            "provider_keys": {vendor: SecretStr(FakeVendor.key) for vendor in VENDORS},
            "provider_urls": {vendor: vendors_url + path for vendor, path in VENDORS.items()},
            "rate_limit_per_key": 0,
            "rate_limit_per_organization": 0,
        }
    )


@dataclass(frozen=True)
class Call:
    """One kind of call and the limit that its endpoint documents, in seconds."""

    path: str
    code: str
    limit_s: float

    async def send(self, client: httpx.AsyncClient, wanted: str, headers: Mapping[str, str]) -> httpx.Response:
        """Ask; the intent is `wanted`."""
        intent = {"language": "en", "optimizeFor": wanted}
        if self.path == "/v1/transcribe":
            given = {**headers, "x-speko-intent": orjson.dumps(intent).decode(), "content-type": "audio/wav"}
            return await client.post(self.path, content=WAV, headers=given)
        body = {"intent": intent, "text": "Hello there.", "messages": [{"role": "user", "content": "Hello."}]}
        return await client.post(self.path, json=body, headers=headers)


_LISTENING = timing_for(SECONDS)
CALLS = (
    Call("/v1/complete", "COMPLETE_FAILED", complete.TIMING.overall_s + complete.TIMING.stall_s),
    Call("/v1/transcribe", "TRANSCRIBE_FAILED", _LISTENING.overall_s + _LISTENING.stall_s),
    Call("/v1/synthesize", "SYNTHESIZE_FAILED", synthesize.TIMING.overall_s + synthesize.TIMING.stall_s),
)


def judged(call: Call, answer: httpx.Response) -> str:
    """The documented end that an answer is; anything else begins with `UNDOCUMENTED`."""
    if answer.status_code == 500 and answer.json().get("code") == call.code:
        return "all providers failed"
    if answer.status_code != 200:
        return f"UNDOCUMENTED {call.path} {answer.status_code} {answer.text[:200]}"
    kind = answer.headers["content-type"]
    if kind.startswith("text/event-stream"):
        return _judged_events(call, events(answer.content))
    if kind.startswith("application/json"):
        return "whole" if answer.json()["text"].strip() else f"UNDOCUMENTED empty {call.path}"
    return "whole" if call.path == "/v1/synthesize" and answer.content else f"UNDOCUMENTED {call.path} {kind}"


def _judged_events(call: Call, seen: Sequence[tuple[str, str]]) -> str:
    names = [name for name, _ in seen]
    last = orjson.loads(seen[-1][1])
    if names[-1] == "done" and names[0] == "meta" and last["text"].strip():
        return "whole"
    if names[-1] == "error" and last["code"] == call.code:
        return "broke off with an error event" if names[0] == "meta" else "all providers failed"
    return f"UNDOCUMENTED {call.path} {names}"


@dataclass
class Tally:
    """How the calls of a storm ended."""

    ends: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    hedged: int = 0
    failed_over: int = 0
    whole: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    def note(self, call: Call, answer: httpx.Response | None, end: str, seconds: float) -> None:
        """Count one call."""
        self.ends[end] += 1
        self.slowest_s = max(self.slowest_s, seconds)
        if seconds > call.limit_s + GRACE_S:
            self.late.append(f"{call.path} took {seconds:.1f} s")
        if answer is not None and end == "whole":
            self.whole.append(answer.headers["x-speko-decision-id"])
            self.hedged += "x-speko-hedged" in answer.headers
            self.failed_over += answer.headers["x-speko-failover-count"] != "0"

    @property
    def undocumented(self) -> list[str]:
        """Ends that no page knows."""
        return [end for end in self.ends if end.startswith("UNDOCUMENTED")]


@dataclass
class Storm:
    """A gateway among stormy vendors. `patience_s` is how long callers stay; some always leave early."""

    deps: Deps
    url: str
    fakes: Sequence[Stormy]
    dice: random.Random
    patience_s: float
    tally: Tally = field(default_factory=Tally)

    async def rage(self, requests: int, connections: int) -> None:
        """Make that many calls, that many at a time."""
        left = iter(range(requests))
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        headers = {"Authorization": f"Bearer {await add_key(self.deps, 'org_1')}"}
        async with httpx.AsyncClient(base_url=self.url, limits=limits, timeout=None, headers=headers) as client:

            async def caller() -> None:
                for _ in left:
                    await self._call(client)

            async with asyncio.TaskGroup() as callers:
                for _ in range(connections):
                    callers.create_task(caller())

    async def _call(self, client: httpx.AsyncClient) -> None:
        call, begun = self.dice.choice(CALLS), time.perf_counter()
        wanted = self.dice.choice(("balanced", "latency"))
        headers = {"Accept": "application/json"} if self.dice.random() < 0.4 else {}
        leaves_after = self.dice.uniform(0, 0.2) if self.dice.random() < 0.05 else self.patience_s
        answer = None
        try:
            async with asyncio.timeout(leaves_after):
                answer = await call.send(client, wanted, headers)
            end = judged(call, answer)
        except TimeoutError:
            end = "the caller left"
        except (httpx.RemoteProtocolError, httpx.ReadError):
            end = "audio cut off" if call.path == "/v1/synthesize" else f"UNDOCUMENTED cut of {call.path}"
        self.tally.note(call, answer, end, time.perf_counter() - begun)

    async def settled(self) -> int:
        """Wait until no vendor is answering any more; what still is after that is leaked."""
        for _ in range(round(SETTLED_WITHIN_S / 0.02)):
            if not (open_answers := sum(fake.answering for fake in self.fakes)):
                break
            await asyncio.sleep(0.02)
        return open_answers

    async def account(self) -> Counter[str]:
        """Usage rows by outcome, once the ledger adds up and every whole answer has its one row."""
        await self.deps.journal.drain()
        await assert_exact(self.deps, "org_1")
        async with self.deps.database.transaction("org_1", read_only=True) as db:
            rows = (await db.execute(select(UsageEvent.decision_id, UsageEvent.outcome))).all()
        completed = Counter(row.decision_id for row in rows if row.outcome == "completed")
        assert set(self.tally.whole) <= set(completed), "an answer without its usage"
        assert max(completed.values(), default=0) <= 1, "an answer metered twice"
        return Counter(row.outcome for row in rows)


@asynccontextmanager
async def installed(settings: Settings, vendors_url: str) -> AsyncIterator[Deps]:
    """A migrated installation with one organization, whose vendors listen at `vendors_url`."""
    deps = build_deps(stormy_settings(settings, vendors_url))
    now = deps.clock.now()
    async with deps.database.transaction("org_1") as db:
        db.add(Organization(id="org_1", name="Acme", created_at=now, updated_at=now))
    try:
        yield deps
    finally:
        await deps.aclose()


@asynccontextmanager
async def storm(settings: Settings, seed: int, patience_s: float) -> AsyncIterator[Storm]:
    """The whole scene on free ports, over the migrated installation of `settings`."""
    Stormy.dice, Stormy.drawn = random.Random(seed), count()
    fakes = [kind() for kind in FAKES]
    vendors = Starlette(routes=[route for fake in fakes for route in fake.routes()])
    async with AsyncExitStack() as scene:
        vendors_url = await scene.enter_async_context(served(_config(vendors)))
        deps = await scene.enter_async_context(installed(settings, vendors_url))
        url = await scene.enter_async_context(served(_config(create_app(deps))))
        yield Storm(deps, url, fakes, random.Random(seed + 1), patience_s)


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        timeout_graceful_shutdown=1,
        # Longer than any storm: a server that closes an idle connection while it is used again would look like a cut.
        timeout_keep_alive=3600,
    )


def open_files() -> int:
    """File descriptors of this process, sockets among them."""
    return len(os.listdir("/proc/self/fd"))
