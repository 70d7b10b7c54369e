"""`speko migrate`: find other platforms' voice agents on this machine, read them, build and create them here."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ParamSpec

import click

from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.migration.build import BuildOptions
from speko_core.migration.documents import File
from speko_core.migration.emit import build_session_config
from speko_core.migration.inspect import inspect_files
from speko_core.migration.neutral import dump, neutral_schema
from speko_core.migration.operations import APPLY, VERIFY
from speko_core.migration.parse import Outcome, parse_files
from speko_core.migration.report import render
from speko_core.migration.served import served
from speko_core.migration.workspace import select_files
from speko_core.types import JsonObject, JsonValue
from speko_gateway import exit_codes
from speko_gateway.cli.local import call_in, organization_id, organization_option, run_local
from speko_gateway.cli.output import json_option, objects, show_json, show_table, text, texts

P = ParamSpec("P")
paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
platform_option = click.option("--platform", help="Only this platform, such as vapi; absent detects it.")


def build_options(command: Callable[P, None]) -> Callable[P, None]:
    """The choices of build, apply and verify."""
    for option in reversed(
        (
            click.option("--name", help="Name of the new agent."),
            click.option("--language", help="BCP-47, when the source names none."),
            click.option("--graph", type=click.Choice(["staged", "linked"]), default="staged", show_default=True),
            click.option("--providers", type=click.Choice(["keep", "any"]), default="keep", show_default=True),
        )
    ):
        command = option(command)
    return command


@click.group(short_help="Move voice agents here from other platforms.")
def migrate() -> None:
    """Move voice agents here from Vapi, Retell, ElevenLabs, Bland, Bolna, LiveKit, Pipecat and others.

    Files are read on this machine and sent nowhere. Credentials in them are never shown or stored.
    """


@migrate.command()
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--list-files", is_flag=True, help="Name the files that are looked at, and look at nothing.")
@json_option
def inspect(folder: Path, list_files: bool, as_json: bool) -> None:
    """Find configurations, code, phone numbers and webhook routes in a folder.

    What git ignores is skipped, except .env files, of which only the names are read.
    """
    files = select_files(folder)
    if list_files:
        click.echo("\n".join(file.path for file in files))
        return
    found = inspect_files(files)
    if as_json:
        show_json(found.model_dump(mode="json"))
        return
    rows = [
        (finding.path + (f":{finding.line}" if finding.line else ""), finding.kind, finding.detail)
        for finding in found.findings
    ]
    show_table(("where", "what", "detail"), rows, "No voice agents of other platforms were found.")
    for step in found.plan:
        click.echo(f"{step.step}. {step.action}\n   {', '.join(step.files[:8])}")
    for refused in found.refused:
        click.echo(f"Not read: {refused.path}: {refused.reason}")


@migrate.command()
@paths_argument
@platform_option
@json_option
def parse(paths: tuple[Path, ...], platform: str | None, as_json: bool) -> None:
    """Report what becomes of every value of a configuration."""
    outcome = _outcome(paths, platform)
    if as_json:
        show_json(
            [{"neutral": dump(item.agents), "report": item.report.model_dump(mode="json")} for item in outcome.parsed]
        )
        return
    for item in outcome.parsed:
        click.secho(f"{', '.join(item.agents.files)}: {item.agents.platform} {item.agents.kind}", bold=True)
        click.echo(render(item.report))
        for key in item.keys_to_set:
            click.echo(f"set          {key.name} ({key.pointer})")
    for refused in outcome.refused:
        click.echo(f"Not read: {refused.path}: {refused.reason}")


@migrate.command()
@paths_argument
@platform_option
@build_options
def build(paths: tuple[Path, ...], platform: str | None, **choices: str | None) -> None:
    """Write the requests that make the same agents here, as JSON."""
    options = BuildOptions.model_validate({**choices, "served": served()})
    outcome = _outcome(paths, platform)
    builds = [build_session_config(item.agents, options, None, item.keys_to_set) for item in outcome.parsed]
    show_json([one.model_dump(mode="json", exclude={"report"}) for one in builds])


@migrate.command()
@paths_argument
@platform_option
@build_options
@organization_option
@json_option
def apply(
    paths: tuple[Path, ...], platform: str | None, organization: str | None, as_json: bool, **choices: str | None
) -> None:
    """Create the agents and their tools here, or update those of the same names."""
    outcome = _outcome(paths, platform)
    done = run_local(lambda deps: _apply(deps, outcome, choices, organization))
    if as_json:
        show_json(done)
        return
    for parsed, one in zip(outcome.parsed, done, strict=True):
        _show_applied(one)
        for key in parsed.keys_to_set:
            click.echo(f"  set:  {key.name} ({key.pointer}): {key.reason}")


@migrate.command()
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
    outcome = _outcome(paths, platform)
    answers = run_local(lambda deps: _verify(deps, outcome, {**choices, "live": list(live)}, organization))
    verified = [one for answer in answers for one in objects(answer, "verified")]
    holds = all(isinstance(answer, dict) and answer["equivalent"] for answer in answers)
    if as_json:
        show_json({"equivalent": holds, "verified": verified})
    for parsed, one in zip(outcome.parsed, verified, strict=True) if not as_json else ():
        _show_verified(f"{', '.join(parsed.agents.files)}: {parsed.agents.platform} {parsed.agents.kind}", one)
    sys.exit(exit_codes.OK if holds else exit_codes.FAILED)


@migrate.command()
def schema() -> None:
    """Print the JSON Schema of the neutral model."""
    show_json(neutral_schema())


def _outcome(paths: tuple[Path, ...], platform: str | None) -> Outcome:
    files: list[File] = []
    for path in paths:
        if path.is_dir():
            files += select_files(path)
        else:
            files.append(File(path.name, path.read_bytes()))
    outcome = parse_files(files, platform)
    if not outcome.parsed:
        reasons = " ".join(f"{item.path}: {item.reason}" for item in outcome.refused[:5])
        raise InvalidInput(f"Nothing was read. {reasons}")
    return outcome


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
