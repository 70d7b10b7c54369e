"""What `speko init` says: differences, what was done, what is left to do."""

from collections.abc import Sequence

import click

from speko_core.types import JsonObject
from speko_gateway import exit_codes
from speko_gateway.cli.output import show_json, show_table
from speko_mcp.cli.check import Checked
from speko_mcp.cli.diff import lines
from speko_mcp.cli.machine import Machine
from speko_mcp.cli.plan import Change

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_diffs(changes: Sequence[Change], machine: Machine) -> None:
    """Every change, as lines that go and lines that come."""
    for change in changes:
        for line in _diff(change, machine):
            click.secho(line, fg=_COLOURS.get(line[:1]))


def report_changes(changes: Sequence[Change], machine: Machine, *, dry_run: bool, as_json: bool) -> int:
    """What became of each client; the exit code."""
    if as_json:
        show_json({"dryRun": dry_run, "changes": [_as_json(change, machine) for change in changes]})
    else:
        rows = [(change.client.id, change.scope, change.status, _file(change, machine)) for change in changes]
        show_table(("client", "scope", "dry run" if dry_run else "status", "file"), rows, "Nothing was found.")
        for change in changes:
            note = change.reason or _next(change)
            if note:
                click.echo(f"{change.client.title}: {note}.")
    refused = not changes or any(change.status == "refused" for change in changes)
    return exit_codes.FAILED if refused else exit_codes.OK


def report_checks(checks: Sequence[Checked], machine: Machine, *, as_json: bool) -> int:
    """What came of each try; the exit code."""
    if as_json:
        show_json({"checks": [_check_as_json(one) for one in checks]})
    else:
        columns = ("client", "scope", "", "found", "what to do", "file")
        rows = [
            (one.entry.client.id, one.entry.scope, one.state, one.detail, one.fix, machine.shown(one.entry.file))
            for one in checks
        ]
        show_table(columns, rows, "No client is configured; `speko init` does that.")
    failed = not checks or any(one.state == "failed" for one in checks)
    return exit_codes.FAILED if failed else exit_codes.OK


def _diff(change: Change, machine: Machine) -> list[str]:
    return list(lines(change, _file(change, machine))) if change.writes else []


def _file(change: Change, machine: Machine) -> str:
    return machine.shown(change.file) if change.file else "-"


def _next(change: Change) -> str:
    """What is left for a person to do."""
    if change.status not in ("added", "updated"):
        return ""
    if change.variable and change.client.asks_for_keys:
        return "it asks for the key when it starts the server"
    if change.variable:
        return f"set {change.variable} to a key where it starts (`speko keys create` makes one)"
    return "restart it" if change.key else change.client.sign_in.replace("{name}", change.name)


def _as_json(change: Change, machine: Machine) -> JsonObject:
    return {
        "client": change.client.id,
        "scope": change.scope,
        "file": str(change.file) if change.file else None,
        "status": change.status,
        "reason": change.reason or None,
        "next": _next(change) or None,
        "diff": [*_diff(change, machine)],
    }


def _check_as_json(one: Checked) -> JsonObject:
    return {
        "client": one.entry.client.id,
        "scope": one.entry.scope,
        "file": str(one.entry.file),
        "url": one.entry.seen.url if one.entry.seen else None,
        "state": one.state,
        "detail": one.detail,
        "fix": one.fix or None,
    }
