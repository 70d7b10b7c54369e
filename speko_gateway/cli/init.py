"""`speko init`: connect the coding agents on this machine to this server."""

import asyncio
import re
import sys

import click

from speko_core.settings import load_settings
from speko_gateway.cli.init_answers import report_changes, report_checks, show_diffs
from speko_gateway.cli.init_wishes import Wishes, changes_to_make, this_machine
from speko_gateway.cli.output import json_option
from speko_mcp.cli.address import endpoint
from speko_mcp.cli.apply import carry_out_all
from speko_mcp.cli.check import check, configured
from speko_mcp.cli.clients import CLIENTS, Scope
from speko_mcp.cli.journal import Journal

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_IDS = [client.id for client in CLIENTS]


@click.command(short_help="Connect coding agents to this server.")
@click.option(
    "--client",
    "ids",
    multiple=True,
    metavar="ID",
    type=click.Choice(_IDS),
    help=f"Only this one; repeat it. Default: those found here. Known: {', '.join(_IDS)}.",
)
@click.option("--oauth/--api-key", "uses_oauth", default=None, help="How clients sign in. Default: OAuth.")
@click.option("--scope", type=click.Choice(["user", "project"]), help="For you, or for this folder. Default: user.")
@click.option("--url", help="The server, with or without /mcp. Default: the one on this machine.")
@click.option("--name", default="speko", show_default=True, help="What clients call the server.")
@click.option("--key-env", metavar="NAME", help="Write a reference to this variable instead of the key itself.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing, ask nothing.")
@click.option("--remove", is_flag=True, help="Take the entries out again.")
@click.option("--check", "checks", is_flag=True, help="Try every configured entry: connect, and list the tools.")
@json_option
def init(
    ids: tuple[str, ...],
    uses_oauth: bool | None,
    scope: Scope | None,
    url: str | None,
    name: str,
    key_env: str | None,
    yes: bool,
    dry_run: bool,
    remove: bool,
    checks: bool,
    as_json: bool,
) -> None:
    """Connect the coding agents on this machine to this server, or to another with --url.

    Finds them, asks how they sign in and for whom, shows what changes in their configuration files, and writes it.
    Comments, formatting and everything else in the files stay. The key for --api-key comes from SPEKO_API_KEY or is
    asked for; files of a project get a reference to the variable instead of the key.

    Exits with 1 when a client was refused, when an entry does not work, or when there is no client to work for.
    """
    if uses_oauth and key_env:
        raise click.UsageError("--key-env is for --api-key.")
    asks = not (yes or dry_run or checks)
    if asks and (as_json or not sys.stdin.isatty()):
        raise click.UsageError("There is nobody to ask here: say --yes or --dry-run.")
    wishes = Wishes(
        clients=tuple(client for client in CLIENTS if client.id in ids),
        uses_oauth=False if key_env else uses_oauth,
        scope=scope,
        url=_address(url),
        name=_matching(_NAME, name, "--name takes letters, digits, - and _."),
        key_env=_matching(_VARIABLE, key_env, "--key-env takes the name of an environment variable."),
        asks=asks,
    )
    if checks:
        sys.exit(_check(wishes, as_json=as_json))
    sys.exit(_change(wishes, remove=remove, dry_run=dry_run, as_json=as_json))


def _change(wishes: Wishes, *, remove: bool, dry_run: bool, as_json: bool) -> int:
    machine = this_machine()
    journal = Journal(machine.state)
    changes = changes_to_make(wishes, machine, journal, remove=remove)
    if not as_json:
        show_diffs(changes, machine)
    if wishes.asks and any(change.writes for change in changes):
        click.confirm("Write this?", default=True, abort=True)
    if not dry_run:
        changes = carry_out_all(changes, journal)
    return report_changes(changes, machine, dry_run=dry_run, as_json=as_json)


def _check(wishes: Wishes, *, as_json: bool) -> int:
    machine = this_machine()
    entries = list(configured(wishes.clients or CLIENTS, machine, wishes.name))
    return report_checks(asyncio.run(check(entries, wishes.name, wishes.url)), machine, as_json=as_json)


def _address(url: str | None) -> str:
    try:
        return endpoint(url or load_settings().base_url)
    except ValueError as error:
        raise click.UsageError(f"--url: {error}.") from None


def _matching(pattern: re.Pattern[str], value: str | None, otherwise: str) -> str:
    if value is not None and not pattern.fullmatch(value):
        raise click.UsageError(otherwise)
    return value or ""
