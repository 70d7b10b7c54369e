"""`WS /v1/transcribe/stream` (ONE-8) with a real WebSocket client and a real server."""

import asyncio
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from websockets.exceptions import InvalidStatus

from speko_core.audio import wav_bytes
from speko_core.deps import Deps, build_deps
from speko_core.metering.models import UsageEvent
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, add_tenant, rest_client
from tests.fakes.vendors.base import PROMPTLY_S
from tests.fakes.vendors.elevenlabs_stt import FakeElevenLabsStt
from tests.fakes.vendors.recordings import HEARD
from tests.gateway.listen_kit import (
    LOUD,
    QUIET,
    START,
    TENTH,
    Recognizer,
    answers,
    dial,
    gateway,
    registry,
    say,
    until,
)
from tests.gateway.oneshot_door import bare_deps, known_key, program_of

__all__ = ["bare_deps"]

END = {"type": "end"}
DOWN = ProviderError(FailureKind.NETWORK, "upstream secret text")


def hearing(deps: Deps, live: bool = True, **recognizers: Recognizer) -> Deps:
    """The same process with these recognizers."""
    return replace(deps, providers=registry(live, **recognizers))


async def test_words_come_while_somebody_speaks(bare_deps: Deps) -> None:
    """ONE-8: interims before the end, a final on demand, the whole text and the length at last."""
    deps = hearing(bare_deps, acme=Recognizer())
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, START, LOUD)
        first = await until(caller, "1 tenths")
        await say(caller, LOUD, {"type": "finalize"})
        final = await until(caller, "2 tenths")
        while not final["isFinal"]:
            final = await until(caller, "2 tenths")
        await say(caller, {"type": "keepalive"}, LOUD[:100], LOUD[100:], END)
        rest = await answers(caller)

    assert (first["type"], first["isFinal"], final["isFinal"]) == ("transcript", False, True)
    assert [event["type"] for event in rest] == ["transcript", "transcript", "done"]
    assert (rest[-1]["text"], rest[-1]["audioMs"], rest[-1]["confidence"]) == ("2 tenths 3 tenths.", 300, None)
    assert caller.close_code == 1000


async def test_meta_says_who_hears_and_how(bare_deps: Deps) -> None:
    """ONE-8, RTE-20: options are as in recordings, and what was honoured in part is said."""
    recognizer = Recognizer()
    deps = hearing(bare_deps, acme=recognizer)
    start = {**START, "options": {"words": True, "keywords": ["Ava"]}, "interimResults": False, "sampleRate": 8_000}
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, start, LOUD, END)
        meta, transcript, done = await answers(caller)

    assert (meta["type"], meta["provider"], meta["model"], meta["streaming"]) == ("meta", "acme", "m-acme", True)
    assert (transcript["isFinal"], transcript["words"][0]["text"]) == (True, "tenths.")
    assert (done["text"], done["audioMs"], done["warnings"]) == ("2 tenths.", 200, ["Nearly."])
    assert recognizer.requests[0].keywords == ("Ava",)


async def test_the_next_recognizer_hears_everything_from_the_start(bare_deps: Deps) -> None:
    """ONE-6, ONE-8: one fails at once, one in the middle without a word, and nothing of the audio is lost."""
    third = Recognizer()
    deps = hearing(
        bare_deps,
        first=Recognizer(fails=(0, DOWN)),
        second=Recognizer(fails=(3, DOWN), deaf=True),
        third=third,
    )
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, START, *[LOUD] * 5, END)
        events = await answers(caller)

    assert [event["provider"] for event in events if event["type"] == "meta"] == ["first", "third"]
    assert (events[-1]["text"], events[-1]["failoverCount"]) == ("5 tenths.", 2)
    assert b"".join(third.heard) == LOUD * 5


async def test_a_failure_after_the_first_words_is_an_error(bare_deps: Deps) -> None:
    """ONE-6: what was shown cannot be taken back, and an end is never silent."""
    other = Recognizer()
    deps = hearing(bare_deps, acme=Recognizer(fails=(2, DOWN)), other=other)
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, START, LOUD, LOUD, LOUD)
        events = await answers(caller)

    assert [event["type"] for event in events] == ["meta", "transcript", "transcript", "error"]
    assert events[-1]["code"] == "TRANSCRIBE_FAILED"
    assert "secret" not in str(events)
    assert (caller.close_code, other.requests) == (1011, [])


async def test_words_that_nobody_hears_are_a_failure_and_silence_is_none(bare_deps: Deps) -> None:
    """ONE-11: every recognizer is asked about a voice; a quiet line is a quiet line."""
    first, second = Recognizer(deaf=True), Recognizer(deaf=True)
    deps = hearing(bare_deps, first=first, second=second)
    async with gateway(deps) as url:
        async with dial(url, deps) as caller:
            await say(caller, START, *[QUIET] * 10, END)
            quiet = await answers(caller)
        asked = len(second.requests)
        async with dial(url, deps) as caller:
            await say(caller, START, *[LOUD] * 10, END)
            loud = await answers(caller)

    assert (quiet[-1]["type"], quiet[-1]["text"], quiet[-1]["audioMs"], asked) == ("done", "", 1000, 0)
    assert (loud[-1]["type"], loud[-1]["code"], len(second.requests)) == ("error", "TRANSCRIBE_FAILED", 1)


async def test_recognizers_of_recordings_hear_utterance_by_utterance(bare_deps: Deps) -> None:
    """ONE-8: cut at pauses and at the caller's wish, word times from the start of the stream; `meta` says so."""
    deps = hearing(bare_deps, live=False, acme=Recognizer())
    pause = [QUIET] * 10
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, {**START, "options": {"words": True}}, *[LOUD] * 5, *pause)
        first = await until(caller, "13 tenths")
        await say(caller, *[LOUD] * 4, {"type": "finalize"}, *[LOUD] * 3, END)
        events = await answers(caller)

    assert first["words"][0]["start"] == pytest.approx(0.1)
    finals = [event for event in events if event["type"] == "transcript"]
    assert [event["text"] for event in finals] == ["6 tenths", "3 tenths"]
    assert finals[1]["words"][0]["start"] == pytest.approx(2.0)
    assert events[-1]["audioMs"] == 2200


async def test_models_that_hear_live_come_first(bare_deps: Deps) -> None:
    """ONE-8: whatever their rank."""
    slow, live = registry(live=False, batch=Recognizer()), registry(instant=Recognizer())
    both = replace(slow, by_vendor={**slow.by_vendor, **live.by_vendor}, catalog={**slow.catalog, **live.catalog})
    deps = replace(bare_deps, providers=both)
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, START, LOUD, END)
        events = await answers(caller)

    assert (events[0]["provider"], events[0]["streaming"]) == ("instant", True)


async def test_leaving_cancels_the_provider_at_once(bare_deps: Deps) -> None:
    """ONE-7"""
    recognizer = Recognizer()
    deps = hearing(bare_deps, acme=recognizer)
    async with gateway(deps) as url:
        async with dial(url, deps) as caller:
            await say(caller, START, LOUD)
            await until(caller, "1 tenths")
            caller.transport.abort()
            left = time.perf_counter()
        async with asyncio.timeout(5):
            await recognizer.closed.wait()
        assert time.perf_counter() - left < PROMPTLY_S


async def test_a_caller_that_is_faster_than_the_provider_is_slowed_down(bare_deps: Deps) -> None:
    """ONE-8: a minute may wait here, and what sockets hold; the rest stays with the caller."""
    deps = hearing(bare_deps, acme=Recognizer(stuck=0))
    seconds = 0

    async def talk() -> None:
        nonlocal seconds
        while True:
            await caller.send(LOUD * 10)
            seconds += 1

    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, START)
        with suppress(TimeoutError):
            await asyncio.wait_for(talk(), 1.5)
        caller.transport.abort()

    assert 60 <= seconds < 600


REFUSED = [
    (b"audio", "VALIDATION_ERROR"),
    ({"intent": {"language": "english"}}, "VALIDATION_ERROR"),
    ({**START, "sampleRate": 4_000}, "VALIDATION_ERROR"),
    ({**START, "options": {"speakers": True}}, "VALIDATION_ERROR"),
    ({"intent": {"language": "de"}}, "TRANSCRIBE_FAILED"),
]


async def test_what_cannot_be_heard_is_refused_with_a_reason(bare_deps: Deps) -> None:
    """ONE-8, RTE-20: as an event, before anybody is called."""
    recognizer = Recognizer()
    deps = hearing(bare_deps, acme=recognizer)
    async with gateway(deps) as url:
        for start, code in REFUSED:
            async with dial(url, deps) as caller:
                await say(caller, start)  # type: ignore[arg-type]  # one of them is no start
                events = await answers(caller)
            assert [(event["type"], event["code"]) for event in events] == [("error", code)]
        async with dial(url, deps) as caller:
            await say(caller, START, {"type": "dance"})
            events = await answers(caller)

    assert (events[-1]["type"], events[-1]["code"], caller.close_code) == ("error", "VALIDATION_ERROR", 1008)
    assert recognizer.heard == []


async def test_a_stranger_gets_no_socket(bare_deps: Deps) -> None:
    """ORG-4: the handshake is refused with the usual status."""
    deps = hearing(bare_deps, acme=Recognizer())
    async with gateway(deps) as url:
        for key, status in (("sk_live_wrong", 401), (known_key(deps, scopes=frozenset({"agents:read"})), 403)):
            with pytest.raises(InvalidStatus) as refused:
                async with dial(url, deps, key):
                    pass
            assert refused.value.response.status_code == status


async def test_a_stream_is_metered_by_the_audio_that_was_sent(bare_deps: Deps) -> None:
    """MTR-1, ONE-8: silence too, because providers charge for it."""
    deps = hearing(bare_deps, acme=Recognizer())
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, START, *[LOUD] * 5, *[QUIET] * 5, END)
        await answers(caller)
    async with deps.database.transaction("org_1", read_only=True) as db:
        rows = (await db.execute(select(UsageEvent))).scalars().all()

    assert [(row.provider, row.audio_ms, row.outcome) for row in rows] == [("acme", 1000, "completed")]


@pytest.mark.parametrize(("live", "micro_usd"), [(True, 50), (False, 100)])
async def test_what_is_heard_live_costs_the_live_price(bare_deps: Deps, live: bool, micro_usd: int) -> None:
    """MTR-1: a vendor that sells live audio at another price is paid that; utterances are recordings."""
    settings = bare_deps.settings.model_copy(update={"provider_keys": {"acme": SecretStr("k")}})
    deps = hearing(replace(bare_deps, settings=settings), live=live, acme=Recognizer())
    async with gateway(deps) as url, dial(url, deps) as caller:
        await say(caller, START, *[LOUD] * 10, END)
        await answers(caller)
    async with deps.database.transaction("org_1", read_only=True) as db:
        costs = (await db.execute(select(UsageEvent.cost_micro_usd))).scalars().all()

    assert costs == [micro_usd]


async def test_offline_a_sentence_is_heard_with_no_account_anywhere(bare_deps: Deps) -> None:
    """RTE-17, ONE-8: the offline recognizer hears it when it is over, and says that it does."""
    asked = {"text": "I would like to book an appointment.", "intent": {"language": "en-US"}}
    async with rest_client(bare_deps, known_key(bare_deps)) as client:
        spoken = await client.post("/v1/synthesize", json=asked, headers={"Accept": "audio/pcm;rate=16000"}, timeout=30)
    pieces = [spoken.content[at : at + TENTH] for at in range(0, len(spoken.content), TENTH)]
    async with gateway(bare_deps) as url, dial(url, bare_deps, known_key(bare_deps, "test")) as caller:
        await say(caller, {"intent": {"language": "en-US"}, "options": {"language": "auto"}}, *pieces, END)
        events = await answers(caller)

    assert [event["type"] for event in events][::2] == ["meta", "done"]
    assert (events[0]["provider"], events[0]["streaming"], events[0]["ignoredOptions"]) == (
        "local",
        False,
        ["detectLanguage"],
    )
    assert "book an appointment" in events[-1]["text"]


async def test_a_vendor_that_hears_live_is_asked_over_its_socket(tmp_path: Path, migrated_sqlite: Path) -> None:
    """ONE-8, RTE-16: the whole way, from the caller's socket to the vendor's."""
    shutil.copy(migrated_sqlite, tmp_path / "speko.sqlite")
    async with FakeElevenLabsStt().serving() as fake:
        keys = {"elevenlabs": SecretStr(fake.key)}
        urls = {"elevenlabs": fake.url}
        deps = build_deps(
            Settings(data_dir=tmp_path, master_key=MASTER_KEY, provider_keys=keys, provider_urls=urls, _env_file=None)
        )
        tenant = await add_tenant(deps)
        async with gateway(deps) as url, dial(url, deps, tenant.key) as caller:
            await say(caller, START, *[LOUD] * 10, END)
            events = await answers(caller)
        await deps.aclose()

    assert (events[0]["model"], events[0]["streaming"]) == ("scribe_v2_realtime", True)
    assert [event["type"] for event in events[1:]] == ["transcript", "transcript", "transcript", "done"]
    assert events[-1]["text"] == HEARD
    assert len(fake.seen[0].body) == 10 * TENTH


async def test_the_page_s_program_works(
    bare_deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """ONE-8: as it stands in docs/transcribe-stream.md, for a second of WAV."""
    deps = hearing(bare_deps, acme=Recognizer())
    (tmp_path / "call.wav").write_bytes(wav_bytes(LOUD * 10, 16_000))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEKO_API_KEY", known_key(deps))
    async with gateway(deps) as url:
        program = program_of("transcribe-stream.md").replace("ws://127.0.0.1:8484/v1/transcribe/stream", url)
        await asyncio.to_thread(exec, program, {"__name__": "__main__"})

    assert "'text': '10 tenths.'" in capsys.readouterr().out
