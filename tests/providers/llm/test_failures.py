"""Every adapter against every way in which its vendor can misbehave."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from speko_core.providers.base import FailureKind, TextDelta
from tests.fakes.vendors.base import PROMPTLY_S
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.llm import Call, Reply
from tests.providers.llm.stage import PARTS, Part, asking, every_vendor, on_stage, tools

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
    "408": (refusing(408), FailureKind.TIMEOUT),
    "400": (refusing(400), FailureKind.INVALID),
    "413": (refusing(413), FailureKind.INVALID),
    "422": (refusing(422), FailureKind.INVALID),
    "429": (refusing(429), FailureKind.RATE),
    "500": (refusing(500), FailureKind.UPSTREAM),
    "502": (refusing(502), FailureKind.UPSTREAM),
    "503": (refusing(503), FailureKind.UPSTREAM),
    "504": (refusing(504), FailureKind.TIMEOUT),
    "529": (refusing(529), FailureKind.UPSTREAM),
}
AFTER = {  # a part was heard: the failure must be told
    "stall": (Behaviour(Trouble.STALL), FailureKind.TIMEOUT),
    "malformed": (Behaviour(Trouble.MALFORMED), FailureKind.UPSTREAM),
    "truncated": (Behaviour(Trouble.TRUNCATED), FailureKind.UPSTREAM),
    "cut": (Behaviour(Trouble.CUT), FailureKind.NETWORK),
}


@every_vendor
@pytest.mark.parametrize("case", BEFORE)
async def test_a_failure_before_the_first_word_has_its_kind(part: Part, case: str) -> None:
    """RTE-9, ONE-11"""
    behaviour, kind = BEFORE[case]
    async with on_stage(part) as stage:
        stage.fake.always = behaviour
        error = await stage.failure(asking())
    assert (error.kind, stage.text) == (kind, "")
    assert SECRET not in str(error)
    assert error.status == (behaviour.status if behaviour.trouble is Trouble.REFUSED else None)


@every_vendor
@pytest.mark.parametrize("case", AFTER)
async def test_a_failure_in_the_middle_is_told_after_what_was_said(part: Part, case: str) -> None:
    """ONE-6: never a silent truncation."""
    behaviour, kind = AFTER[case]
    async with on_stage(part) as stage:
        stage.fake.always = behaviour
        error = await stage.failure(asking())
    assert error.kind is kind
    assert stage.text == "Hel"


@every_vendor
async def test_a_slow_answer_is_an_answer(part: Part) -> None:
    """RTE-9: how long is too long is the failover loop's business."""
    async with on_stage(part) as stage:
        stage.fake.always = Behaviour(Trouble.SLOW, delay_s=0.2, gap_s=0.02)
        await stage.complete(asking())
    assert stage.text == "Hello there."


@every_vendor
async def test_the_delay_a_vendor_asks_for_is_known(part: Part) -> None:
    """RTE-9: seconds, milliseconds, or a date."""
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    async with on_stage(part) as stage:
        stage.fake.then(
            refusing(429, retry_after="7"),
            refusing(503, retry_after="7", retry_after_ms="250"),
            refusing(429, retry_after=in_a_minute),
            refusing(529, retry_after="soon"),
        )
        delays = [(await stage.failure(asking())).retry_after_s for _ in range(4)]
    assert delays[:2] == [7.0, 0.25]
    assert 55 < (delays[2] or 0) <= 61
    assert delays[3] is None


@every_vendor
async def test_a_wrong_key_is_an_auth_failure(part: Part) -> None:
    """RTE-9: in the vendor's own words for it. A server without keys takes any."""
    async with on_stage(part) as stage:
        if part.vendor == "compatible":
            await stage.complete(asking())
            return
        stage.key = "another-key"
        assert (await stage.failure(asking())).kind is FailureKind.AUTH


@every_vendor
async def test_content_that_the_vendor_withholds_is_refused(part: Part) -> None:
    """RTE-9"""
    async with on_stage(part) as stage:
        stage.will_say(Reply(texts=(), finish="refused"))
        assert (await stage.failure(asking())).kind is FailureKind.REFUSED


@every_vendor
async def test_an_answer_cut_by_its_length_is_an_answer(part: Part) -> None:
    """ONE-4: the caller set the limit."""
    async with on_stage(part) as stage:
        stage.will_say(Reply(texts=("Once upon",), finish="length"))
        await stage.complete(asking(max_tokens=2))
    assert stage.text == "Once upon"


@pytest.mark.parametrize("part", [part for part in PARTS if part.vendor != "google"], ids=lambda part: part.vendor)
@pytest.mark.parametrize("args", ['{"city": "Par', "[1]", "nonsense"])
async def test_arguments_that_do_not_parse_never_reach_a_tool(part: Part, args: str) -> None:
    """ONE-4: `args` is always a JSON object. Google's arguments are part of the frame."""
    async with on_stage(part) as stage:
        stage.will_say(Reply(texts=(), calls=(Call("get_weather", (args,)),)))
        assert (await stage.failure(asking(tools=tools()))).kind is FailureKind.UPSTREAM


@every_vendor
async def test_leaving_closes_the_upstream_connection_at_once(part: Part) -> None:
    """ONE-7: seen at the vendor."""
    async with on_stage(part) as stage:
        stage.fake.always = Behaviour(Trouble.STALL)
        async with aclosing(stage.events(asking())) as events:  # type: ignore[type-var]
            assert isinstance(await anext(events), TextDelta)
            left = asyncio.get_running_loop().time()
        seen = await stage.fake.until_hung_up()
    assert seen - left < PROMPTLY_S


@every_vendor
async def test_cancelling_before_the_first_word_closes_the_connection(part: Part) -> None:
    """ONE-7: the task that waits is cancelled, as when a caller hangs up."""
    async with on_stage(part) as stage:
        stage.fake.always = Behaviour(Trouble.SILENT)
        waiting = asyncio.create_task(stage.complete(asking()))
        async with asyncio.timeout(5):
            await stage.fake.asked.wait()
        left = asyncio.get_running_loop().time()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        seen = await stage.fake.until_hung_up()
    assert seen - left < PROMPTLY_S


@every_vendor
async def test_one_bad_answer_does_not_spoil_the_next(part: Part) -> None:
    """RTE-19: a broken connection is not used again."""
    async with on_stage(part) as stage:
        stage.fake.then(*(Behaviour(trouble) for trouble in (Trouble.CUT, Trouble.MALFORMED, Trouble.TRUNCATED)))
        for _ in range(3):
            await stage.failure(asking())
        await stage.complete(asking())
    assert stage.text == "Hello there."
