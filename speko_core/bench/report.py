"""A result as one HTML page without scripts or addresses: plots, figures, verdicts; readable in light and in dark."""

from collections.abc import Sequence
from html import escape
from typing import Final

from speko_core.bench.figures import columns, cost, facts, name_of, notes, rows, sentence
from speko_core.bench.plot import Bar, plot
from speko_core.bench.schemas import Candidate, Range, Result
from speko_core.schemas import wire_time

_STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1d22; --soft: #5b616e; --rule: #dfe2e8; --accent: #1f5fd0 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14161a; --ink: #e9ebf0; --soft: #a4abb9; --rule: #343943; --accent: #7fb0ff }
}
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 72rem; padding: 0 1rem }
svg { display: block; margin: 1.5rem 0; max-width: 48rem; width: 100% }
svg text { fill: var(--ink); font-size: 14px } svg .soft { fill: var(--soft) } svg .title { font-weight: 600 }
.rule { stroke: var(--rule) } .interval { stroke: var(--accent); stroke-width: 3; opacity: .55 }
circle { fill: var(--accent) } .mark { stroke: var(--soft); stroke-width: 2 }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid var(--rule); padding: .35rem .6rem; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left } p, caption { color: var(--soft); text-align: left }
"""


def page(result: Result) -> str:
    """The whole document."""
    title = f"Benchmark: {result.modality.upper()}, {result.language}"
    measured = [one for one in result.candidates if one.quality and one.latency]
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(facts(result))}. Measured {wire_time(result.started_at)} to {wire_time(result.finished_at)}.</p>",
        *([_quality(measured), _latency(measured)] if measured else ["<p>No call was answered.</p>"]),
        f"<ul>{''.join(f'<li>{escape(sentence(one))}</li>' for one in result.verdicts)}</ul>",
        _table(result),
        f"<p>{escape(cost(result))}</p>",
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><body>{''.join(body)}</body></html>\n"
    )


def _quality(measured: Sequence[Candidate]) -> str:
    figures = [(one, one.quality[0]) for one in measured]
    name = name_of(figures[0][1].metric).removesuffix(" %")
    bars = [_bar(one, figure.value, figure.ci95) for one, figure in figures]
    return plot(f"{name}, with its 95 % interval; less is better", "%", bars)


def _latency(measured: Sequence[Candidate]) -> str:
    figures = [(one, one.latency) for one in measured if one.latency is not None]
    name = name_of(figures[0][1].metric).removeprefix("ms ")
    bars = [_bar(one, figure.p50, figure.ci95, figure.p95) for one, figure in figures]
    return plot(f"Time {name}: p50 with its 95 % interval, p95 as a line", "ms", bars)


def _bar(candidate: Candidate, value: float, found: Range | None, mark: float | None = None) -> Bar:
    said = notes(candidate)
    name = f"{candidate.id} ({said})" if said else candidate.id
    return Bar(name, value, found.low if found else value, found.high if found else value, mark)


def _table(result: Result) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns(result))
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows(result))
    return f'<div class="scroll"><table><tr>{head}</tr>{lines}</table></div>'
