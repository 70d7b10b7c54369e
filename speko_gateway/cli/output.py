"""How commands answer: a table for people, one JSON document for programs."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from speko_core.types import JsonObject, JsonValue

json_option = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")


def show_json(value: object) -> None:
    """Print a JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Print aligned columns, or a sentence when there is nothing.

    Rows are for reading and for cutting: one line each, never wrapped or shortened, whatever the window.
    """
    listed = list(rows)
    if not listed:
        click.echo(empty)
        return
    widths = [max(len(row[at]) for row in (columns, *listed)) for at in range(len(columns))]
    click.secho(_line(columns, widths), bold=True)
    for row in listed:
        click.echo(_line(row, widths))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def text(row: Mapping[str, object], name: str) -> str:
    """A field as a cell; absent and null are a dash."""
    value = row.get(name)
    return "-" if value is None else str(value)


def objects(value: JsonValue, name: str) -> list[JsonObject]:
    """The objects in the list `name` of an answer; none where there is no such list."""
    listed = value.get(name) if isinstance(value, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def texts(value: JsonValue, name: str) -> list[str]:
    """The texts in the list `name` of an answer."""
    listed = value.get(name) if isinstance(value, dict) else None
    return [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar with the time that is left, on standard error of a terminal; what it gives is called once a step."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, TextColumn("left"), TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
