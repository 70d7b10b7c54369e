"""`speko migrate apply` and `verify`: the commands that work on the installation of this machine."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click

from speko_core.deps import Deps
from speko_core.migration.neutral import dump
from speko_core.migration.operations import APPLY, VERIFY
from speko_core.migration.parse import Outcome
from speko_core.types import JsonObject, JsonValue
from speko_gateway import exit_codes
from speko_gateway.cli.local import call_in, organization_id, organization_option, run_local
from speko_gateway.cli.migrate_options import build_options, paths_argument, platform_option, read_files
from speko_gateway.cli.output import json_option, objects, show_json, show_table, text, texts


@click.command()
@paths_argument
@platform_option
@build_options
@organization_option
@json_option
def apply(
    paths: tuple[Path, ...], platform: str | None, organization: str | None, as_json: bool, **choices: str | None
) -> None:
    """Create the agents and their tools here, or update those of the same names."""
    outcome = read_files(paths, platform)
    done = run_local(lambda deps: _apply(deps, outcome, choices, organization))
    if as_json:
        show_json(done)
        return
    for parsed, one in zip(outcome.parsed, done, strict=True):
        _show_applied(one)
        for key in parsed.keys_to_set:
            click.echo(f"  set:  {key.name} ({key.pointer}): {key.reason}")


@click.command()
@paths_argument
@platform_option
@build_options
@click.option("--live", multiple=True, metavar="TOOL", help="Really call this webhook tool's server, once; repeatable.")
@organization_option
@json_option
def verify(
    paths: tuple[Path, ...],
    platform: str | None,
    live: tuple[str, ...],
    organization: str | None,
    as_json: bool,
    **choices: str | None,
) -> None:
    """Try what the source did on what is built from it, with the offline model.

    Answers of tools are made up unless --live names the tool, which must be applied then; how a real model words its
    answers is not tried. Ends with 0 when all checks match, with 1 when something differs or is missing.
    """
    outcome = read_files(paths, platform)
    answers = run_local(lambda deps: _verify(deps, outcome, {**choices, "live": list(live)}, organization))
    verified = [one for answer in answers for one in objects(answer, "verified")]
    holds = all(isinstance(answer, dict) and answer["equivalent"] for answer in answers)
    if as_json:
        show_json({"equivalent": holds, "verified": verified})
    for parsed, one in zip(outcome.parsed, verified, strict=True) if not as_json else ():
        _show_verified(f"{', '.join(parsed.agents.files)}: {parsed.agents.platform} {parsed.agents.kind}", one)
    sys.exit(exit_codes.OK if holds else exit_codes.FAILED)


async def _apply(
    deps: Deps, outcome: Outcome, choices: Mapping[str, str | None], organization: str | None
) -> list[JsonObject]:
    """Apply each of them; of two sources with one name the second gets a number."""
    inside = await organization_id(deps, organization)
    done: list[JsonObject] = []
    used: Counter[str] = Counter()
    for item in outcome.parsed:
        name = choices["name"] or item.agents.agents[0].name or "Imported agent"
        used[name] += 1
        given = {**choices, "name": f"{name} {used[name]}" if used[name] > 1 else choices["name"]}
        raw = {"neutral": dump(item.agents), **{key: value for key, value in given.items() if value is not None}}
        answer = await call_in(deps, APPLY, raw, inside)
        done += objects(answer, "applied")
    return done


def _show_applied(one: JsonObject) -> None:
    for agent in objects(one, "agents"):
        click.echo(f"{agent['change']} {agent['agent_id']} {agent['name']}")
        for tool in objects(agent, "tools"):
            click.echo(f"  {tool['change']} tool {tool['name']}")
    for tool in objects(one, "unmappable_tools"):
        click.echo(f"  not carried over: {tool['name']}: {tool['reason']}")
    for warning in texts(one, "warnings"):
        click.echo(f"  note: {warning}")
    for key in objects(one, "keys_to_set"):
        click.echo(f"  set:  {key['name']}: {key['reason']}")


async def _verify(
    deps: Deps, outcome: Outcome, choices: Mapping[str, object], organization: str | None
) -> list[JsonValue]:
    inside = await organization_id(deps, organization)
    given = {name: value for name, value in choices.items() if value is not None}
    return [await call_in(deps, VERIFY, {"neutral": dump(item.agents), **given}, inside) for item in outcome.parsed]


def _show_verified(title: str, one: JsonObject) -> None:
    click.secho(title, bold=True)
    columns = ("result", "how", "agent", "what", "subject", "seen")
    rows = [
        (
            text(row, "result"),
            text(row, "how"),
            text(row, "agent"),
            text(row, "kind"),
            _line(row, "subject"),
            _seen(row),
        )
        for row in objects(one, "checks")
    ]
    show_table(columns, rows, "There is nothing to try.")
    counts = one["counts"]
    found = counts.items() if isinstance(counts, dict) else ()
    click.echo(", ".join(f"{count} {result.replace('_', ' ')}" for result, count in found))


def _line(row: JsonObject, name: str) -> str:
    return " ".join(text(row, name).split())


def _seen(row: JsonObject) -> str:
    """What was seen; where it is not what was expected, that too."""
    seen = _line(row, "seen")
    return seen if row["result"] == "matches" else f"{seen} (expected: {_line(row, 'expected')})"
