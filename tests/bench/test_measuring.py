"""Benchmarks over scripted providers with known errors and waits, in virtual time."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from speko_core.bench.benchmark import Benchmark
from speko_core.bench.run import Plan, turns
from speko_core.bench.schemas import Result
from speko_core.bench.summary import cost_of, price_of
from speko_core.bench.targets import Target
from speko_core.oneshot.usage import Units
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import (
    AudioChunk,
    Credential,
    FailureKind,
    LlmUsage,
    Modality,
    Provider,
    SttRequest,
    TextDelta,
    ToolCall,
    Transcript,
)
from speko_core.providers.catalog import ModelFacts, Price, VendorFacts
from speko_core.routing.offers import Offer
from tests.bench.bench_kit import question, result_of, speech_folder, write_lines
from tests.fakes.scripted_providers import Calls, Cast, Pause, Step, cast, failure
from tests.twins import MovedClock

pytestmark = pytest.mark.virtual_time
TEXTS = ["one two three four five"] * 12
WRONG = Transcript("one two tree four five", is_final=True)
RIGHT = Transcript("One, two, three, four, five.", is_final=True)


def quality(result: Result, vendor: str, at: int = 0) -> float:
    return next(one for one in result.candidates if one.id.startswith(vendor)).quality[at].value


def p50(result: Result, vendor: str) -> float:
    latency = next(one for one in result.candidates if one.id.startswith(vendor)).latency
    assert latency is not None
    return latency.p50


async def test_errors_and_waits_are_those_that_were_made(tmp_path: Path) -> None:
    """RTE-14: one word of five, 300 ms after the end of speech; who is better on an axis is called best."""
    played = cast(right=[Pause(0.5), RIGHT], wrong=[Pause(0.3), WRONG])
    result = await result_of(question(Modality.STT, speech_folder(tmp_path, TEXTS), played, Plan(concurrency=3)))
    assert (quality(result, "right"), quality(result, "wrong")) == (0, 20)
    assert quality(result, "wrong", at=1) == pytest.approx(100 / 19, abs=0.01)
    assert p50(result, "right") == pytest.approx(500, abs=120)
    assert p50(result, "wrong") == pytest.approx(300, abs=120)
    assert [(one.metric, one.winner) for one in result.verdicts] == [
        ("wer_pct", "right:m-right"),
        ("end_of_speech_to_final_text", "wrong:m-wrong"),
    ]
    against = result.verdicts[0].against[0]
    assert (against.difference, against.interval.low, against.interval.high, against.items) == (-20, -20, -20, 12)
    assert [one.calls for one in result.candidates] == [12, 12]
    assert len(played.scripts["right"].requests) == 13  # the first is not counted


async def test_a_difference_that_may_be_chance_has_no_winner(tmp_path: Path) -> None:
    """RTE-14: one mistake on one item of twelve, and equal candidates, are no proof; nor are few items."""
    (tmp_path / "many").mkdir()
    (tmp_path / "few").mkdir()
    luck = cast(lucky=[RIGHT], unlucky=Calls(([RIGHT], [WRONG], [RIGHT])))
    result = await result_of(question(Modality.STT, speech_folder(tmp_path / "many", TEXTS), luck))
    assert quality(result, "unlucky") > 0
    assert (result.verdicts[0].winner, result.verdicts[0].best) == (None, "lucky:m-lucky")
    assert result.verdicts[0].reason == "cannot be told apart from unlucky:m-unlucky"
    clear = cast(right=[RIGHT], wrong=[WRONG])
    few = await result_of(question(Modality.STT, speech_folder(tmp_path / "few", TEXTS[:9]), clear))
    assert few.verdicts[0].reason == "fewer than 10 items were answered by both"


async def test_hearing_nothing_is_an_answer_and_failing_is_none(tmp_path: Path) -> None:
    """RTE-14: silence costs every word; who fails often is not compared, however good the rest."""
    down = failure(FailureKind.UPSTREAM)
    played = cast(deaf=[Pause(0.1), failure(FailureKind.EMPTY)], flaky=Calls(([RIGHT], [RIGHT], [down])), fine=[WRONG])
    result = await result_of(question(Modality.STT, speech_folder(tmp_path, TEXTS), played))
    deaf, flaky, fine = result.candidates
    assert (deaf.quality[0].value, deaf.failures) == (100, {})
    assert (flaky.failures, flaky.items, flaky.quality[0].value) == ({"upstream": 11}, 1, 0)
    assert (result.verdicts[0].winner, [one.id for one in result.verdicts[0].against]) == (fine.id, [deaf.id])


async def test_what_a_cancelled_run_has_measured_is_kept(tmp_path: Path) -> None:
    """RTE-14: Ctrl-C."""
    played = cast(slow=[Pause(1.0), RIGHT])
    benchmark = Benchmark(question(Modality.STT, speech_folder(tmp_path, TEXTS), played), MovedClock())
    running = asyncio.create_task(
        benchmark.run(lambda sample: running.cancel() if len(benchmark.samples) == 4 else None)
    )
    with pytest.raises(asyncio.CancelledError):
        await running
    result = benchmark.result()
    assert (result.interrupted, result.candidates[0].items, len(result.calls)) == (True, 4, 4)
    assert played.scripts["slow"].closed.is_set()


def test_every_candidate_gets_every_item_in_an_order_of_the_seed() -> None:
    """RTE-14: paired and interleaved; nobody is always first."""
    found = turns(30, 3, Plan(repeats=2, seed=5))
    assert found == turns(30, 3, Plan(repeats=2, seed=5)) != turns(30, 3, Plan(repeats=2, seed=6))
    assert sorted((repeat, item) for repeat, item, _ in found) == [(r, i) for r in range(2) for i in range(30)]
    assert all(sorted(order) == [0, 1, 2] for _, _, order in found)
    assert {order[0] for _, _, order in found} == {0, 1, 2}


@dataclass
class LiveVendor:
    """Recognizes while somebody speaks; notes when pieces came."""

    arrivals: list[tuple[float, int]] = field(default_factory=list)

    def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        raise AssertionError("a model that hears live is measured live")

    async def listen(
        self, request: SttRequest, audio: AsyncIterator[bytes], credential: Credential | None
    ) -> AsyncIterator[Transcript]:
        self.arrivals.clear()
        async for piece in audio:
            self.arrivals.append((asyncio.get_running_loop().time(), len(piece)))
            if len(self.arrivals) == 3:
                yield Transcript("one two", is_final=True)
        await asyncio.sleep(0.25)
        yield Transcript("three four five", is_final=True)


async def test_who_hears_live_is_told_in_real_time_and_timed_from_the_end_of_speech(tmp_path: Path) -> None:
    """RTE-14: early text does not count as fast."""
    vendor = LiveVendor()
    model = ModelFacts(id="m", modality=Modality.STT, options=("live",))
    facts = {"live": VendorFacts(vendor="live", name="Live", models=(model,))}
    played = Cast(ProviderRegistry({"live": Provider("live", stt=vendor)}, facts), {})
    result = await result_of(question(Modality.STT, speech_folder(tmp_path, TEXTS[:1]), played))
    times = [at for at, _ in vendor.arrivals]
    assert times[-1] - times[0] == pytest.approx(1.0, abs=0.2)
    assert vendor.arrivals[-1][1] == 0
    assert result.candidates[0].live
    assert (quality(result, "live"), p50(result, "live")) == (0, pytest.approx(250, abs=120))


async def test_synthesis_is_timed_to_its_first_audio_and_understood_by_one_recognizer(tmp_path: Path) -> None:
    """RTE-4, RTE-14: the recognizer's time is not the voice's."""
    (tmp_path / "texts.txt").write_text("one two three four five\n" * 12)
    audio = AudioChunk(b"\x10\x20" * 4_000, "audio/pcm;rate=16000")
    spoken = cast(voice=[Pause(0.2), audio, Pause(5.0), audio])
    ears = cast(ears=[Pause(9.0), WRONG])
    both = question(Modality.TTS, tmp_path, spoken)
    listener = question(Modality.STT, speech_folder(tmp_path, TEXTS[:1]), ears).targets[0]
    result = await result_of(replace(both, recognizer=listener))
    assert p50(result, "voice") == pytest.approx(200, abs=120)
    assert result.recognizer == "ears:m-ears"
    assert quality(result, "voice") == pytest.approx(100 / 19, abs=0.01)


CALL = ToolCall("c", "book", json.dumps({"day": "Friday ", "people": 4, "note": None}))
TOOLS = [{"name": "book"}, {"name": "cancel"}]


@pytest.mark.parametrize(
    ("expect", "said", "passes"),
    [
        ({"tool": "book", "args": {"day": "friday", "people": 4}}, [CALL], True),
        ({"tool": "book", "args": {"people": True}}, [ToolCall("c", "book", '{"people": 1}')], False),
        ({"tool": "book", "args": {"time": "8"}}, [CALL], False),
        ({"tool": "cancel"}, [CALL], False),
        ({"tool": "book"}, [CALL, CALL], False),
        ({"no_tool": True}, [CALL], False),
        ({"no_tool": True, "says": ["frid?ay"]}, [TextDelta("On FRI"), TextDelta("DAY")], True),
        ({"says": ["friday"], "never_says": ["sorry"]}, [TextDelta("Sorry, not Friday")], False),
    ],
)
async def test_tasks_are_scored_by_exact_rules(
    tmp_path: Path, expect: dict[str, object], said: list[Step], passes: bool
) -> None:
    """RTE-14"""
    write_lines(tmp_path / "tasks.jsonl", [{"id": "a", "user": "Hi", "tools": TOOLS, "expect": expect}])
    result = await result_of(question(Modality.LLM, tmp_path, cast(model=[Pause(0.1), *said, LlmUsage(1_000, 500)])))
    assert quality(result, "model") == (0 if passes else 100)
    assert p50(result, "model") == pytest.approx(100, abs=120)


def test_prices_are_the_catalogue_s_in_the_units_that_routing_compares() -> None:
    """RTE-4: a minute of speech is 900 characters, tokens are three in for one out; unknown is not free."""

    def target(modality: Modality, *prices: tuple[str, int], sandbox: bool = False) -> Target:
        listed = tuple(
            Price.model_validate({"unit": unit, "micro_usd": cost, "source": "s", "date": "2026-01-01"})
            for unit, cost in prices
        )
        facts = ModelFacts(id="m", modality=modality, prices=listed)
        return Target(Offer("v", facts, sandbox), Provider("v"), None)

    def price(one: Target) -> int | None:
        found = price_of(one)
        return found.micro_usd if found else None

    llm = target(Modality.LLM, ("1m_input_tokens", 400), ("1m_output_tokens", 800))
    assert price(llm) == 500
    assert cost_of(llm, Units(prompt_tokens=500_000, completion_tokens=250_000)) == 400
    assert price(target(Modality.TTS, ("1m_characters", 10_000_000))) == 9_000
    assert price(target(Modality.TTS, ("minute", 700))) == 700
    assert price(target(Modality.STT, ("minute", 4_300))) == 4_300
    assert price(target(Modality.STT)) is None
    assert price(target(Modality.STT, sandbox=True)) == 0
