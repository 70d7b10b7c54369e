"""From consumed units to money: list prices of the catalogue, exact integers, one rounding rule. Pure.

Rule: every line (input tokens, output tokens, minutes, characters) is computed exactly and rounded half up to a whole
micro-USD; a call costs the sum of its lines. So no line is off by more than half a micro-dollar, the parts add up to
the whole, and the order of anything never matters.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from speko_core.oneshot.usage import Units, Usage
from speko_core.providers.base import Modality
from speko_core.providers.catalog import Price

Metric = Literal["minutes", "tokens", "characters"]
METRICS: Mapping[Modality, Metric] = {
    Modality.STT: "minutes",
    Modality.LLM: "tokens",
    Modality.TTS: "characters",
    Modality.S2S: "minutes",
}
MS_PER_MINUTE = 60_000
MILLION = 1_000_000
# What 900 spoken characters a minute make of a per-minute price for speech (RTE-4).
CHARACTERS_PER_MINUTE = 900

_Measure = tuple[Callable[[Units], int], int]
# How much of a unit was consumed, as numerator and divisor.
_MEASURES: Mapping[str, _Measure] = {
    "1m_input_tokens": (
        lambda units: units.prompt_tokens - units.audio_prompt_tokens - units.cached_prompt_tokens,
        MILLION,
    ),
    "1m_audio_input_tokens": (lambda units: units.audio_prompt_tokens, MILLION),
    "1m_cached_input_tokens": (lambda units: units.cached_prompt_tokens, MILLION),
    "1m_output_tokens": (lambda units: units.completion_tokens - units.audio_completion_tokens, MILLION),
    "1m_audio_output_tokens": (lambda units: units.audio_completion_tokens, MILLION),
    "1m_characters": (lambda units: units.characters, MILLION),
}


class Line(NamedTuple):
    """One line of a bill; `unit` is the catalogue's, `quantity` in milliseconds, tokens or characters."""

    unit: str
    quantity: int
    micro_usd: int


class Charge(NamedTuple):
    """What a call costs. `lines` add up to `micro_usd`."""

    micro_usd: int
    lines: tuple[Line, ...] = ()


FREE = Charge(0)


def round_half_up(numerator: int, divisor: int) -> int:
    """The nearest integer to a non-negative fraction; halves go up."""
    return (2 * numerator + divisor) // (2 * divisor)


def list_price(units: Units, prices: Iterable[Price]) -> Charge:
    """What `units` cost at list prices."""
    lines = tuple(_line(units, price) for price in prices)
    return Charge(sum(line.micro_usd for line in lines), tuple(line for line in lines if line.quantity))


def charge(usage: Usage) -> Charge:
    """What the organization pays: only managed calls cost anything (MTR-1)."""
    return list_price(usage.units, usage.prices) if usage.key_source == "MANAGED" else FREE


def _line(units: Units, price: Price) -> Line:
    quantity, divisor = _consumed(units, price.unit)
    return Line(price.unit, quantity, round_half_up(price.micro_usd * quantity, divisor))


def _consumed(units: Units, unit: str) -> tuple[int, int]:
    if unit != "minute":
        read, divisor = _MEASURES[unit]
        return read(units), divisor
    if units.audio_ms or not units.characters:
        return units.audio_ms, MS_PER_MINUTE
    return units.characters, CHARACTERS_PER_MINUTE
