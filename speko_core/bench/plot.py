"""A result as a picture: one line a candidate, its value as a dot on its interval, best on top. Inline SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10
from typing import Final

WIDTH: Final = 760
_RIGHT, _TOP, _LINE, _FOOT = 90, 34, 34, 34
_LETTER: Final = 7.6
_TICKS: Final = 5


@dataclass(frozen=True)
class Bar:
    """One candidate: its value, the interval around it, and a further mark such as p95."""

    name: str
    value: float
    low: float
    high: float
    mark: float | None = None


def plot(title: str, unit: str, bars: Sequence[Bar]) -> str:
    """An `<svg>` that takes its colours from the page: `--ink`, `--soft`, `--rule` and `--accent`."""
    ordered = sorted(bars, key=lambda bar: (bar.value, bar.name))
    top = max((max(bar.high, bar.mark or 0.0) for bar in ordered), default=0.0) or 1.0
    ticks = _ticks(top)
    scale = _Scale(ticks[-1], 20 + _LETTER * max((len(bar.name) for bar in ordered), default=0))
    bottom = _TOP + _LINE * len(ordered)
    parts = [f'<text class="title" x="0" y="16">{escape(title)}</text>']
    parts += [_tick(scale, tick, bottom, unit) for tick in ticks]
    parts += [_bar(scale, bar, _TOP + _LINE * at + _LINE / 2) for at, bar in enumerate(ordered)]
    return f'<svg viewBox="0 0 {WIDTH} {bottom + _FOOT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


@dataclass(frozen=True)
class _Scale:
    top: float
    left: float

    def __call__(self, value: float) -> float:
        return round(self.left + (WIDTH - self.left - _RIGHT) * value / self.top, 1)


def number(value: float) -> str:
    """Three significant digits, as people read them."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if value >= 10 else 2}f}".rstrip("0").rstrip(".")


def _ticks(top: float) -> list[float]:
    """Round steps from zero to at least `top`."""
    raw = top / _TICKS
    magnitude = 10.0 ** floor(log10(raw))
    step = next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= raw)
    count = next(count for count in range(1, 2 * _TICKS) if count * step >= top)
    return [step * at for at in range(count + 1)]


def _tick(scale: _Scale, value: float, bottom: float, unit: str) -> str:
    x = scale(value)
    label = f"{number(value)} {unit}" if value == scale.top else number(value)
    return (
        f'<line class="rule" x1="{x}" y1="{_TOP}" x2="{x}" y2="{bottom}"/>'
        f'<text class="soft" x="{x}" y="{bottom + 20}" text-anchor="middle">{escape(label)}</text>'
    )


def _bar(scale: _Scale, bar: Bar, y: float) -> str:
    mark = "" if bar.mark is None else _mark(scale(bar.mark), y)
    return (
        f'<text x="{scale.left - 12}" y="{y + 5}" text-anchor="end">{escape(bar.name)}</text>'
        f'<line class="interval" x1="{scale(bar.low)}" y1="{y}" x2="{scale(bar.high)}" y2="{y}"/>'
        f'{mark}<circle cx="{scale(bar.value)}" cy="{y}" r="6"/>'
        f'<text x="{WIDTH}" y="{y + 5}" text-anchor="end">{number(bar.value)}</text>'
    )


def _mark(x: float, y: float) -> str:
    return f'<line class="mark" x1="{x}" y1="{y - 8}" x2="{x}" y2="{y + 8}"/>'
