"""`speko doctor`: what is wrong, and the command that mends it."""

import asyncio
import sys
from dataclasses import asdict

import click

from speko_core.doctor.examine import examine
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
