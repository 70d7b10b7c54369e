"""`speko doctor`: what is wrong, and the command that mends it."""

import asyncio
import sys
from dataclasses import asdict

import click

from speko_core.doctor import installation, machine
from speko_core.doctor.finding import Finding
from speko_core.errors import ConfigurationError
from speko_core.settings import load_settings
from speko_gateway import exit_codes
from speko_gateway.cli.output import json_option, show_json, show_table

_MARKS = {"ok": "ok", "warn": "warning", "fail": "FAILED"}


@click.command(short_help="Check this machine and this installation.")
@json_option
def doctor(as_json: bool) -> None:
    """Check this machine and this installation, and say how to fix what is wrong.

    Changes nothing. Exits with 1 when a check failed; warnings do not count.
    """
    findings = asyncio.run(examine())
    failed = any(finding.state == "fail" for finding in findings)
    if as_json:
        show_json({"ok": not failed, "checks": [asdict(finding) for finding in findings]})
    else:
        rows = [(_MARKS[finding.state], finding.check, finding.detail, finding.fix) for finding in findings]
        show_table(("", "check", "found", "what to do"), rows, "")
    sys.exit(exit_codes.FAILED if failed else exit_codes.OK)


async def examine() -> list[Finding]:
    """Every finding, in the order in which a person would look."""
    findings = [machine.python(), machine.packages(), machine.environment()]
    try:
        settings = load_settings()
    except ConfigurationError as error:
        return [*findings, Finding("settings", "fail", str(error), "See docs/operations.md.")]
    findings += [installation.data_folder(settings), machine.disk(settings), installation.master_key(settings)]
    findings.append(installation.outbound(settings))
    findings += await installation.database(settings)
    findings += [machine.speech(), machine.hearing()]
    return findings + [await machine.role(settings, role) for role in machine.ROLES]
