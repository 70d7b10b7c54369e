"""From units to money: exact, additive, and never more than half a micro-dollar off a line."""

from datetime import date
from fractions import Fraction
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from speko_core.metering.prices import charge, list_price, round_half_up
from speko_core.oneshot.usage import Attribution, Units, Usage
from speko_core.providers.base import Modality
from speko_core.providers.catalog import Price, load_catalog
from speko_core.routing.offers import KeySource

UNITS = get_args(Price.model_fields["unit"].annotation)
MICROS = st.integers(min_value=0, max_value=10**9)
COUNTS = st.integers(min_value=0, max_value=10**9)
NONE = st.just(0)
consumed = st.builds(
    Units,
    audio_ms=COUNTS,
    prompt_tokens=COUNTS,
    completion_tokens=COUNTS,
    characters=COUNTS,
    estimated=st.booleans(),
    audio_prompt_tokens=NONE,
    cached_prompt_tokens=NONE,
    audio_completion_tokens=NONE,
)


def price(unit: str, micro_usd: int) -> Price:
    return Price.model_validate({"unit": unit, "micro_usd": micro_usd, "source": "test", "date": date(2026, 1, 1)})


prices = st.lists(st.builds(price, st.sampled_from(UNITS), MICROS), max_size=4, unique_by=lambda found: found.unit)


def usage(source: KeySource, units: Units, *found: Price) -> Usage:
    who = Attribution("org_1", "live")
    return Usage(who, Modality.LLM, "acme", "m", source, units, "completed", found)


@given(COUNTS, st.integers(min_value=1, max_value=10**9))
def test_rounding_is_to_the_nearest_with_halves_up(numerator: int, divisor: int) -> None:
    """MTR-3"""
    off = round_half_up(numerator, divisor) - Fraction(numerator, divisor)
    assert Fraction(-1, 2) < off <= Fraction(1, 2)


@given(consumed, prices)
def test_the_lines_add_up_to_the_charge(units: Units, found: list[Price]) -> None:
    """MTR-5"""
    cost = list_price(units, found)
    assert cost.micro_usd == sum(line.micro_usd for line in cost.lines) >= 0


@given(consumed, prices, st.randoms(use_true_random=False))
def test_the_order_of_prices_does_not_matter(units: Units, found: list[Price], shuffle: object) -> None:
    """MTR-1: the same price in a session or one-shot."""
    turned = sorted(found, key=lambda item: item.unit)
    assert list_price(units, found).micro_usd == list_price(units, turned).micro_usd


@given(consumed, consumed, prices)
def test_more_never_costs_less(first: Units, second: Units, found: list[Price]) -> None:
    """MTR-1"""
    both = Units(
        first.audio_ms + second.audio_ms,
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
        first.characters + second.characters,
    )
    if bool(first.audio_ms) == bool(both.audio_ms):
        assert list_price(both, found).micro_usd >= list_price(first, found).micro_usd


@given(consumed, prices)
def test_only_managed_calls_cost_anything(units: Units, found: list[Price]) -> None:
    """MTR-1"""
    assert charge(usage("BYOK", units, *found)).micro_usd == 0
    assert charge(usage("NONE", units, *found)).micro_usd == 0
    assert charge(usage("MANAGED", units, *found)) == list_price(units, found)


def test_a_million_tokens_cost_the_list_price() -> None:
    """MTR-1"""
    tokens = Units(prompt_tokens=1_000_000, completion_tokens=500_000)
    cost = list_price(tokens, [price("1m_input_tokens", 3_000_000), price("1m_output_tokens", 15_000_000)])
    assert [line.micro_usd for line in cost.lines] == [3_000_000, 7_500_000]
    assert cost.micro_usd == 10_500_000


def test_speech_priced_by_the_minute_is_billed_by_its_characters() -> None:
    """RTE-4: 900 characters are a minute."""
    assert list_price(Units(characters=450), [price("minute", 10_000)]).micro_usd == 5_000
    assert list_price(Units(audio_ms=90_000), [price("minute", 10_000)]).micro_usd == 15_000


def test_no_model_of_the_catalogue_has_two_prices_for_one_unit() -> None:
    """MTR-1: a unit would be charged twice."""
    for facts in load_catalog().values():
        for model in facts.models:
            units = [entry.unit for entry in model.prices]
            assert len(units) == len(set(units)), f"{facts.vendor}:{model.id}"
            assert list_price(Units(60_000, 1, 1, 1), model.prices).micro_usd >= 0
