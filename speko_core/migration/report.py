"""The per-value report of a migration: every leaf of the source exactly once (MIG-2)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from speko_core.schemas import Output

Status = Literal["mapped", "approximated", "unsupported", "needs_input", "ignored", "invalid"]
Severity = Literal["info", "warning", "action"]
STATUSES: tuple[Status, ...] = ("mapped", "approximated", "unsupported", "needs_input", "ignored", "invalid")
_SEVERITIES: dict[Status, Severity] = {
    "mapped": "info",
    "ignored": "info",
    "approximated": "warning",
    "unsupported": "warning",
    "invalid": "warning",
    "needs_input": "action",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one value of the source, or of `leaves` values that share one fate.

    A plain class: a megabyte of configuration has tens of thousands of them.
    """

    pointer: Annotated[
        str, Field(description="JSON pointer, or `file:line` for code; `file#pointer` when there are several.")
    ]
    status: Status
    target: Annotated[str | None, Field(description="Where it went: a field of the request that carries it.")]
    neutral: Annotated[str | None, Field(description="Where it is in the neutral model.")]
    reason: str
    severity: Severity
    leaves: int


class Report(Output):
    """The whole account. `leaves` is the number of values in the source and equals the sum over `counts`."""

    leaves: int
    counts: dict[str, int]
    entries: list[Entry]


def severity_of(status: Status) -> Severity:
    """How much a person has to care about this status."""
    return _SEVERITIES[status]


def report_of(entries: Sequence[Entry]) -> Report:
    """The report over `entries`, with counts by status."""
    counted: Counter[str] = Counter()
    for entry in entries:
        counted[entry.status] += entry.leaves
    return Report(
        leaves=sum(counted.values()), counts={status: counted[status] for status in STATUSES}, entries=list(entries)
    )


def grouped(report: Report) -> Report:
    """The same account with neighbours of one fate in one entry, so that a person can read it."""
    rows: list[Entry] = []
    for entry in report.entries:
        last = rows[-1] if rows else None
        if last is not None and _same_fate(last, entry):
            shared = _shared_pointer(last.pointer, entry.pointer)
            rows[-1] = replace(last, pointer=shared, leaves=last.leaves + entry.leaves)
        else:
            rows.append(entry)
    return report.model_copy(update={"entries": rows})


def _same_fate(one: Entry, other: Entry) -> bool:
    same = (one.status, one.target, one.neutral, one.reason) == (
        other.status, other.target, other.neutral, other.reason,
    )  # fmt: skip
    return same and bool(_shared_pointer(one.pointer, other.pointer).strip("/*#"))


def _shared_pointer(one: str, other: str) -> str:
    left, right = one.removesuffix("/**").split("/"), other.removesuffix("/**").split("/")
    shared = 0
    while shared < min(len(left), len(right)) and left[shared] == right[shared]:
        shared += 1
    return "/".join(left[:shared]) + "/**"


def render(report: Report) -> str:
    """The grouped report as lines for a terminal or a page."""
    head = ", ".join(f"{count} {status}" for status, count in report.counts.items() if count)
    lines = [f"{report.leaves} values: {head}"]
    for entry in grouped(report).entries:
        where = entry.pointer + (f" ({entry.leaves})" if entry.leaves > 1 else "")
        target = f" -> {entry.target}" if entry.target else ""
        reason = f": {entry.reason}" if entry.reason else ""
        lines.append(f"{entry.status:<12} {where}{target}{reason}")
    return "\n".join(lines)
