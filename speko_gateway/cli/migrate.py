"""`speko migrate`: find other platforms' voice agents on this machine, read them, build and create them here."""

from pathlib import Path

import click

from speko_core.migration.build import BuildOptions
from speko_core.migration.emit import build_session_config
from speko_core.migration.export import EMITTERS, Target
from speko_core.migration.export.team import export_team
from speko_core.migration.inspect import inspect_files
from speko_core.migration.neutral import dump, neutral_schema
from speko_core.migration.report import render
from speko_core.migration.served import served
from speko_core.migration.workspace import select_files
from speko_gateway.cli.migrate_here import apply, verify
from speko_gateway.cli.migrate_options import build_options, paths_argument, platform_option, read_files
from speko_gateway.cli.output import json_option, show_json, show_table


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
    outcome = read_files(paths, platform)
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
    outcome = read_files(paths, platform)
    builds = [build_session_config(item.agents, options, None, item.keys_to_set) for item in outcome.parsed]
    show_json([one.model_dump(mode="json", exclude={"report"}) for one in builds])


@migrate.command()
@paths_argument
@platform_option
@click.option("--to", "target", type=click.Choice([*EMITTERS]), required=True, help="The platform to write for.")
def export(paths: tuple[Path, ...], platform: str | None, target: Target) -> None:
    """Write agents for another platform, as JSON; what it has no words for is named on standard error."""
    made = [one for item in read_files(paths, platform).parsed for one in export_team(item.agents, target)]
    show_json([one.exported.document for one in made])
    for one in made:
        if one.exported.lost:
            click.echo(f"{one.name}: {target} cannot say {', '.join(one.exported.lost)}", err=True)


@migrate.command()
def schema() -> None:
    """Print the JSON Schema of the neutral model."""
    show_json(neutral_schema())


migrate.add_command(apply)
migrate.add_command(verify)
