"""Every voice against every way in which its vendor can misbehave."""

import asyncio
from contextlib import aclosing

import pytest

from speko_core.providers.base import FailureKind, ProviderError
from tests.fakes.vendors.alibaba_tts import in_band_error as dashscope_error
from tests.fakes.vendors.base import PROMPTLY_S
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.inworld_tts import in_band_error as inworld_error
from tests.fakes.vendors.speech import spoken
from tests.providers.tts.stage import VOICES, Voice, every_voice, named, on_stage, saying

pytestmark = pytest.mark.virtual_time

SECRET = "secret prompt"
BEFORE = {  # nothing was heard: the next candidate takes over unseen
    "silent": (Behaviour(Trouble.SILENT), FailureKind.TIMEOUT),
    "nothing": (Behaviour(Trouble.NOTHING), FailureKind.EMPTY),
    "empty": (Behaviour(Trouble.EMPTY), FailureKind.EMPTY),
    "401": (refusing(401), FailureKind.AUTH),
    "402": (refusing(402), FailureKind.QUOTA),
    "403": (refusing(403), FailureKind.AUTH),
    "404": (refusing(404), FailureKind.UPSTREAM),
    "400": (refusing(400), FailureKind.INVALID),
    "422": (refusing(422), FailureKind.INVALID),
    "429": (refusing(429, retry_after="7"), FailureKind.RATE),
    "500": (refusing(500), FailureKind.UPSTREAM),
    "503": (refusing(503), FailureKind.UPSTREAM),
    "504": (refusing(504), FailureKind.TIMEOUT),
}
AFTER = {  # a part was heard: the failure must be told
    "stall": (Behaviour(Trouble.STALL), FailureKind.TIMEOUT),
    "cut": (Behaviour(Trouble.CUT), FailureKind.NETWORK),
}
FRAMED = [voice for voice in VOICES if voice.framed]


@every_voice
@pytest.mark.parametrize("case", BEFORE)
async def test_a_failure_before_the_first_sound_has_its_kind(voice: Voice, case: str) -> None:
    """RTE-9, ONE-11"""
    behaviour, kind = BEFORE[case]
    async with on_stage(voice) as stage:
        stage.fake.always = behaviour
        error = await stage.failure(saying())
    assert (error.kind, stage.audio) == (kind, b"")
    assert SECRET not in str(error)
    assert error.retry_after_s == (7.0 if case == "429" else None)


@every_voice
@pytest.mark.parametrize("case", AFTER)
async def test_a_failure_in_the_middle_is_told_after_what_was_heard(voice: Voice, case: str) -> None:
    """ONE-6: never a silent truncation."""
    behaviour, kind = AFTER[case]
    async with on_stage(voice) as stage:
        stage.fake.always = behaviour
        error = await stage.failure(saying())
    assert error.kind is kind
    assert stage.audio
    assert spoken().startswith(stage.audio)


@pytest.mark.parametrize("voice", [voice for voice in VOICES if not voice.framed], ids=lambda voice: voice.vendor)
async def test_text_in_place_of_audio_is_a_failure(voice: Voice) -> None:
    """RTE-9: an error told under status 200 must not be played to anyone."""
    async with on_stage(voice) as stage:
        stage.fake.always = Behaviour(Trouble.MALFORMED)
        error = await stage.failure(saying())
    assert (error.kind, stage.audio) == (FailureKind.UPSTREAM, b"")


@pytest.mark.parametrize("voice", FRAMED, ids=lambda voice: voice.vendor)
async def test_a_frame_that_does_not_parse_is_a_failure(voice: Voice) -> None:
    """RTE-9"""
    async with on_stage(voice) as stage:
        stage.fake.always = Behaviour(Trouble.MALFORMED)
        error = await stage.failure(saying())
    assert error.kind is FailureKind.UPSTREAM
    assert spoken().startswith(stage.audio)


@pytest.mark.parametrize("voice", [voice for voice in VOICES if voice.marked], ids=lambda voice: voice.vendor)
async def test_an_answer_without_its_end_mark_is_a_failure(voice: Voice) -> None:
    """ONE-6: never a silent truncation."""
    async with on_stage(voice) as stage:
        stage.fake.always = Behaviour(Trouble.TRUNCATED)
        error = await stage.failure(saying())
    assert error.kind is FailureKind.UPSTREAM
    assert stage.audio


@every_voice
async def test_a_slow_answer_is_an_answer(voice: Voice) -> None:
    """RTE-9: how long is too long is the failover loop's business."""
    async with on_stage(voice) as stage:
        stage.fake.always = Behaviour(Trouble.SLOW, delay_s=0.2, gap_s=0.02)
        await stage.speak(saying())
    assert stage.audio == spoken()


@every_voice
async def test_the_first_sound_comes_before_the_last(voice: Voice) -> None:
    """ONE-3: audio is handed on as it is made."""
    async with on_stage(voice) as stage:
        stage.fake.always = Behaviour(Trouble.STALL)
        async with aclosing(stage.chunks(saying())) as chunks:  # type: ignore[type-var]
            async with asyncio.timeout(5):
                first = await anext(aiter(chunks))
    assert first.data


@every_voice
async def test_leaving_early_closes_the_upstream_call_at_once(voice: Voice) -> None:
    """ONE-7: within 100 ms, seen at the vendor."""
    async with on_stage(voice) as stage:
        stage.fake.always = Behaviour(Trouble.STALL)
        async with aclosing(stage.chunks(saying())) as chunks:  # type: ignore[type-var]
            await anext(aiter(chunks))
            left = asyncio.get_running_loop().time()
        assert await stage.fake.until_hung_up() - left < PROMPTLY_S


@every_voice
async def test_cancelling_before_the_first_sound_closes_the_upstream_call(voice: Voice) -> None:
    """ONE-7: also while nothing has come yet."""
    async with on_stage(voice) as stage:
        stage.fake.always = Behaviour(Trouble.SILENT)
        speaking = asyncio.create_task(stage.speak(saying()))
        async with asyncio.timeout(5):
            while not stage.fake.answering:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.005)
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        await stage.fake.until_hung_up()


@pytest.mark.parametrize("voice", [voice for voice in VOICES if voice.vendor != "compatible"], ids=lambda v: v.vendor)
async def test_a_wrong_key_is_an_auth_failure(voice: Voice) -> None:
    """RTE-9: and the key is not in the text."""
    async with on_stage(voice) as stage:
        stage.key = "wrong-key"
        error = await stage.failure(saying())
    assert error.kind is FailureKind.AUTH
    assert "wrong-key" not in str(error)


@pytest.mark.parametrize(
    ("vendor", "status", "code", "kind"),
    [
        ("alibaba", 400, "Arrearage", FailureKind.QUOTA),
        ("alibaba", 400, "DataInspectionFailed", FailureKind.REFUSED),
        ("alibaba", 429, "Throttling.RateQuota", FailureKind.RATE),
        ("elevenlabs", 401, "quota_exceeded", FailureKind.QUOTA),
        ("cartesia", 429, "concurrency_limited", FailureKind.RATE),
        ("openai", 429, "insufficient_quota", FailureKind.QUOTA),
        ("openai", 400, "unsupported_parameter", FailureKind.UPSTREAM),
    ],
)
async def test_a_vendors_word_says_more_than_its_status(vendor: str, status: int, code: str, kind: FailureKind) -> None:
    """RTE-9: what does not pass by waiting is not waited for."""
    async with on_stage(named(vendor)) as stage:
        stage.fake.always = refusing(status, code)
        assert (await stage.failure(saying())).kind is kind


@pytest.mark.parametrize(
    ("vendor", "line", "kind"),
    [
        ("alibaba", dashscope_error("Throttling.RateQuota"), FailureKind.RATE),
        ("alibaba", dashscope_error("DataInspectionFailed"), FailureKind.REFUSED),
        ("alibaba", dashscope_error("InvalidParameter.Text"), FailureKind.INVALID),
        ("alibaba", dashscope_error("InternalError"), FailureKind.UPSTREAM),
        ("inworld", inworld_error(8), FailureKind.RATE),
        ("inworld", inworld_error(13), FailureKind.UPSTREAM),
        ("inworld", inworld_error(16), FailureKind.AUTH),
    ],
)
async def test_a_failure_told_within_the_stream_has_its_kind(vendor: str, line: bytes, kind: FailureKind) -> None:
    """RTE-9"""
    async with on_stage(named(vendor)) as stage:
        stage.fake.always = Behaviour(Trouble.MALFORMED)
        stage.fake.malformed = line  # type: ignore[attr-defined]
        error = await stage.failure(saying())
    assert error.kind is kind
    assert SECRET not in str(error)


async def test_a_key_is_needed_where_the_vendor_needs_one() -> None:
    """RTE-8: no call without a key leaves the house."""
    for voice in VOICES:
        if voice.vendor in ("compatible", "openai"):
            continue
        async with on_stage(voice) as stage:
            speech = stage.adapter.synthesize(saying(model=voice.model, voice=voice.voice), None)
            async with aclosing(speech) as chunks:  # type: ignore[type-var]
                with pytest.raises(ProviderError, match="auth"):
                    await anext(aiter(chunks))
        assert stage.fake.seen == []
