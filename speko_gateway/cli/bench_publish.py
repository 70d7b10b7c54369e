"""Publishing a benchmark: show what it changes, ask, make it the active snapshot."""

from collections.abc import Iterator, Sequence

import click

from speko_core.bench.publishing import publication
from speko_core.bench.schemas import Result
from speko_core.deps import Deps
from speko_core.routing.snapshots_operations import PREVIEW, PUBLISH
from speko_core.types import JsonObject, JsonValue
from speko_gateway import exit_codes
from speko_gateway.cli.bench_asked import Publishing
from speko_gateway.cli.local import call_in
from speko_gateway.cli.output import show_json, show_table, text

_AXES = ("quality", "latencyP50Ms", "priceMicroUsd")
_COLUMNS = ("candidate", "error rate %", "p50 ms", "price, micro-USD", "figures of")


async def publish_result(deps: Deps, organization: str, result: Result, how: Publishing) -> int:
    """Publish what may be published; answers the exit code."""
    found = publication(result)
    for name, reason in found.left_out.items():
        click.echo(f"{name} is left out: {reason}.", err=True)
    if found.draft is None:
        click.echo("There is nothing to publish.", err=True)
        return exit_codes.FAILED
    preview = _object(await call_in(deps, PREVIEW, found.draft, organization))
    if how != "json":
        _show(preview)
    if how == "ask" and not click.confirm("Route by these figures from now, in every organization?"):
        return exit_codes.FAILED
    draft = {**found.draft, "basedOn": preview["basedOn"]}
    published = _object(await call_in(deps, PUBLISH, draft, organization))
    if how == "json":
        show_json({"preview": preview, "published": published})
    else:
        click.echo(f"{text(published, 'scoresRunId')} is active; before it was {text(preview, 'basedOn')}.")
    return exit_codes.OK


def _show(preview: JsonObject) -> None:
    click.echo("\nWhat publishing changes:")
    show_table(_COLUMNS, list(_changes(_list(preview["changes"]))), "Nothing.")
    for name, said in (("chainBefore", "Order now"), ("chainAfter", "Order then")):
        places = [_place(_object(place)) for place in _list(preview[name])]
        click.echo(f"{said}: {', '.join(places) or 'nobody can be called'}")


def _changes(changes: Sequence[JsonValue]) -> Iterator[Sequence[str]]:
    for change in map(_object, changes):
        before, after = change["before"], _object(change["after"])
        was = before if isinstance(before, dict) else {}
        figures = [f"{text(was, axis)} -> {text(after, axis)}" for axis in _AXES]
        yield (text(change, "id"), *figures, f"{text(was, 'source')} -> {text(after, 'source')}")


def _place(place: JsonObject) -> str:
    return text(place, "id") if place["score"] is None else f"{text(place, 'id')} ({text(place, 'score')})"


def _object(value: JsonValue) -> JsonObject:
    assert isinstance(value, dict)
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    assert isinstance(value, list)
    return value
