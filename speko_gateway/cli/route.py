"""`speko route`: why calls go where they go."""

from collections.abc import Iterator, Sequence

import click

from speko_core.providers.base import Modality
from speko_core.routing.decisions_operations import REPLAY
from speko_core.routing.intent import OptimizeFor, Region
from speko_core.routing.operations import STACK
from speko_core.types import JsonObject, JsonValue
from speko_gateway.cli.local import call, organization_option
from speko_gateway.cli.output import json_option, show_json, show_table, text

_REGIONS, _PRESETS = click.Choice([*Region]), click.Choice([*OptimizeFor])
_RANKED = ("#", "candidate", "score", "quality", "latency", "cost", "basis", "why")
_REPLAYED = ("#", "candidate", "score", "basis", "key", "why")
_LEFT_OUT = ("left out", "code", "why")


@click.group(short_help="See why calls go where they go.")
def route() -> None:
    """See why calls go where they go."""


@route.command(short_help="Show the chain for an intent, and why it is so.")
@click.option("--language", default="en", show_default=True, help="Tag such as en, en-US or es-MX.")
@click.option("--region", type=_REGIONS, default="global", show_default=True, help="Where latency counts.")
@click.option("--optimize-for", type=_PRESETS, default="balanced", show_default=True, help="Weights of the axes.")
@click.option("--modality", type=click.Choice([*Modality]), multiple=True, help="Only this; may be repeated.")
@click.option("--decision", metavar="ID", help="Explain a past answer by its X-Speko-Decision-Id.")
@organization_option
@json_option
def explain(
    language: str,
    region: str,
    optimize_for: str,
    modality: Sequence[str],
    decision: str | None,
    organization: str | None,
    as_json: bool,
) -> None:
    """Show the chain for an intent, why each candidate stands where it does, and why the others are left out.

    Calls no provider. A score is the weighted sum of the axes, each 0 for the worst and 1 for the best of the
    candidates compared. Live health belongs to the running gateway: a stored decision shows the health it saw.
    """
    if decision is not None:
        replayed = call(REPLAY, {"decisionId": decision}, organization)
        show_json(replayed) if as_json else _show_replay(_object(replayed))
        return
    wanted = {"language": language, "region": region, "optimizeFor": optimize_for}
    stack = _object(call(STACK, wanted, organization))
    shown = {name: stack[name] for name in modality or map(str, Modality)}
    if as_json:
        show_json({**{name: value for name, value in stack.items() if name not in {*Modality}}, **shown})
        return
    click.echo(f"{language}, {region}, {optimize_for}; figures of {text(stack, 'scoresRunId')}")
    for name, layer in shown.items():
        _show_layer(name, _object(layer))


def _show_layer(name: str, layer: JsonObject) -> None:
    weights = ", ".join(f"{axis} {weight}" for axis, weight in _object(layer["weights"]).items())
    click.echo(f"\n{name.upper()} by {text(layer, 'source')}; weights: {weights}")
    ranked = [layer["pick"], *_list(layer["runnersUp"])] if layer["pick"] else []
    show_table(_RANKED, _rows(ranked), "Nothing can serve this.")
    _show_left_out(layer)


def _rows(ranked: Sequence[JsonValue]) -> Iterator[Sequence[str]]:
    for place, candidate in enumerate(map(_object, ranked), 1):
        axes = candidate["axes"]
        figures = [text(axes, axis) if isinstance(axes, dict) else "-" for axis in ("quality", "latency", "cost")]
        yield (
            str(place),
            text(candidate, "id"),
            text(candidate, "score"),
            *figures,
            text(candidate, "basis"),
            text(candidate, "reason"),
        )


def _show_replay(answer: JsonObject) -> None:
    intent = _object(answer["intent"])
    click.echo(
        f"{text(answer, 'modality').upper()} of {text(answer, 'createdAt')}: {text(intent, 'language')}, "
        f"{text(intent, 'region')}, {text(intent, 'optimizeFor')}; figures of {text(answer, 'scoresRunId')}"
    )
    click.echo("Made again, the chain is the same." if answer["identical"] else "Made again, the chain is another one.")
    names = ("id", "score", "basis", "keySource", "reason")
    ranked = [_object(one) for one in _list(answer["ranked"])]
    rows = [(str(place), *(text(one, name) for name in names)) for place, one in enumerate(ranked, 1)]
    show_table(_REPLAYED, rows, "Nothing could serve it.")
    _show_left_out(answer)


def _show_left_out(answer: JsonObject) -> None:
    left_out = [_object(one) for one in _list(answer["filtered_out"])]
    if left_out:
        click.echo()
        show_table(_LEFT_OUT, [tuple(text(one, name) for name in ("id", "code", "reason")) for one in left_out], "")


def _object(value: JsonValue) -> JsonObject:
    assert isinstance(value, dict)
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    assert isinstance(value, list)
    return value
