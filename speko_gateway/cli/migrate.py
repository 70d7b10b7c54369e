"""`speko migrate`: find other platforms' voice agents on this machine, read them, build and create them here."""

import json
from pathlib import Path

import click

from speko_core.agents.operations import CREATE, LIST, UPDATE
from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.migration.build import Build, BuildOptions
from speko_core.migration.documents import File
from speko_core.migration.emit import build_session_config
from speko_core.migration.inspect import inspect_files
from speko_core.migration.neutral import dump, neutral_schema
from speko_core.migration.parse import Outcome, parse_files
from speko_core.migration.report import render
from speko_core.migration.workspace import select_files
from speko_core.types import JsonObject, JsonValue
from speko_gateway.cli.local import call_in, organization_id, organization_option, run_local
from speko_gateway.cli.output import json_option, show_json, show_table

paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
platform_option = click.option("--platform", help="Only this platform, such as vapi; absent detects it.")


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
@click.option("--name", help="Name of the new agent.")
@click.option("--language", help="BCP-47, when the source names none.")
@click.option("--graph", type=click.Choice(["staged", "linked"]), default="staged", show_default=True)
@click.option("--providers", type=click.Choice(["keep", "any"]), default="keep", show_default=True)
@click.option("--create", "creates", is_flag=True, help="Create the agents here; agents of the same name are updated.")
@organization_option
def build(
    paths: tuple[Path, ...],
    platform: str | None,
    name: str | None,
    language: str | None,
    graph: str,
    providers: str,
    creates: bool,
    organization: str | None,
) -> None:
    """Write the requests that make the same agents here, or create them at once."""
    options = BuildOptions.model_validate({"name": name, "language": language, "graph": graph, "providers": providers})
    outcome = _outcome(paths, platform)
    builds = [build_session_config(item.agents, options, None, item.keys_to_set) for item in outcome.parsed]
    if not creates:
        click.echo(
            json.dumps(
                [one.model_dump(mode="json", exclude={"report"}) for one in builds], indent=2, ensure_ascii=False
            )
        )
        return
    for line in run_local(lambda deps: _create(deps, builds, organization)):
        click.echo(line)


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


async def _create(deps: Deps, builds: list[Build], organization: str | None) -> list[str]:
    inside = await organization_id(deps, organization)
    listed = await call_in(deps, LIST, {}, inside)
    known = (
        {str(row["name"]): str(row["id"]) for row in listed if isinstance(row, dict)}
        if isinstance(listed, list)
        else {}
    )
    lines: list[str] = []
    for built in builds:
        payloads = [built.agent_create_payload, *(one.agent_create_payload for one in built.linked_agents)]
        lines += [await _create_one(deps, payload, known, inside) for payload in payloads]
        lines += [f"  note: {warning}" for warning in built.warnings]
        lines += [f"  set:  {key.name}: {key.reason}" for key in built.keys_to_set]
    return lines


async def _create_one(deps: Deps, payload: JsonObject, known: dict[str, str], organization: str) -> str:
    name = str(payload["name"])
    if name in known:
        await call_in(deps, UPDATE, {**payload, "id": known[name]}, organization)
        return f"updated {known[name]} {name}"
    made: JsonValue = await call_in(deps, CREATE, payload, organization)
    known[name] = str(made["id"]) if isinstance(made, dict) else ""
    return f"created {known[name]} {name}"
