"""The arithmetic of benchmarks: normalized texts, edit distances, intervals."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speko_core.bench.distance import Score, compared, edit_distance
from speko_core.bench.number_words import cardinal, ordinal
from speko_core.bench.statistics import Medians, Rates, difference, estimate, interval, percentile
from speko_core.bench.texts import NORMALIZER, characters, normalized, words

TOKENS = st.lists(st.sampled_from("abc"), max_size=9)
ITEMS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 8)), min_size=1, max_size=25)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("I'm here — it\u2019s 5%!", "i am here its five percent"),
        ("won't, can't, they've", "will not can not they have"),
        ("[laughs] Uh, the 21st & the 3rd", "the twenty first and the third"),
        ("1,250 seats, $45, room 007", "one thousand two hundred fifty seats forty five dollars room zero zero seven"),
        ("well-known  e\u0301te\u0301", "well known \u00e9t\u00e9"),
    ],
)
def test_the_normalizer_is_what_its_name_stands_for(written: str, normal: str) -> None:
    """RTE-14: whoever changes these lines changes the name too, or old figures lie."""
    assert (NORMALIZER, normalized(written, "en-US")) == ("speko-text-1", normal)


def test_other_languages_keep_their_numbers_and_their_letters() -> None:
    """RTE-14"""
    assert words("¿Qué pasó el 21?", "es") == ["qué", "pasó", "el", "21"]
    assert characters("東京 です。", "ja") == list("東京です")


@given(st.integers(0, 999_999))
def test_numbers_are_read_as_people_say_them(number: int) -> None:
    """RTE-14: words differ where numbers differ, and a number that has been normalized stays as it is."""
    said = cardinal(str(number))
    assert normalized(said, "en") == said == normalized(str(number), "en")
    assert said != cardinal(str(number + 1))
    assert normalized(f"{number}th", "en") == ordinal(str(number))


@given(TOKENS, TOKENS, TOKENS)
def test_an_edit_distance_is_a_distance(one: list[str], other: list[str], third: list[str]) -> None:
    """RTE-14: as the recurrence defines it, symmetric, and never longer than a detour."""

    def defined(left: list[str], right: list[str]) -> int:
        row = list(range(len(right) + 1))
        for i, a in enumerate(left, 1):
            row = _next_row(row, i, a, right)
        return row[-1]

    found = edit_distance(one, other)
    assert found == defined(one, other) == edit_distance(other, one)
    assert (found == 0) == (one == other)
    assert found <= edit_distance(one, third) + edit_distance(third, other)


def _next_row(row: list[int], i: int, token: str, right: list[str]) -> list[int]:
    found = [i]
    for j, other in enumerate(right, 1):
        found.append(min(row[j] + 1, found[-1] + 1, row[j - 1] + (token != other)))
    return found


def test_errors_count_against_what_was_said() -> None:
    """RTE-14: inventing words costs more than all there were."""
    assert compared(["a", "b"], []) == Score(2, 2)
    assert compared(["a"], ["x", "y", "z"]) == Score(3, 1)


@settings(max_examples=30, deadline=None)
@given(ITEMS)
def test_an_interval_contains_the_estimate_and_is_the_same_every_time(items: list[tuple[int, int]]) -> None:
    """RTE-14"""
    for measure in (Rates(*zip(*items, strict=True)), Medians(tuple(float(value) for value, _ in items))):
        found = interval(measure, seed=3)
        assert found.low <= estimate(measure) <= found.high
        assert found == interval(measure, seed=3)
        assert difference(measure, measure, seed=3).low == difference(measure, measure, seed=3).high == 0


def test_fewer_items_make_a_wider_interval() -> None:
    """RTE-14"""
    errors = tuple(random.Random(5).choices([0.0, 1.0, 2.0], [8, 2, 1], k=400))
    few, many = (interval(Rates(errors[:count], (4.0,) * count), 1) for count in (20, 400))
    assert few.high - few.low > 2 * (many.high - many.low)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """RTE-14: 95 % intervals over 150 experiments with a known mean."""
    draw = np.random.default_rng(11)
    held = 0
    for seed in range(150):
        errors = draw.binomial(10, 0.2, size=60)
        found = interval(Rates(tuple(map(float, errors)), (10.0,) * 60), seed)
        held += found.low <= 0.2 <= found.high
    assert 0.88 <= held / 150 <= 0.99


def test_what_an_item_does_to_all_cancels_in_a_difference() -> None:
    """RTE-14: hard items hide no clear winner."""
    hardness = tuple(float(at % 7) for at in range(70))
    first, second = Rates(hardness, (10.0,) * 70), Rates(tuple(one + 0.5 for one in hardness), (10.0,) * 70)
    apart = [interval(one, 1) for one in (first, second)]
    assert apart[0].high > apart[1].low
    assert difference(first, second, 1).high < 0


def test_a_percentile_is_a_value_that_was_measured() -> None:
    """RTE-14"""
    waits = [float(value) for value in range(1, 101)]
    assert [percentile(waits, share) for share in (50, 95, 99)] == [51, 96, 100]
