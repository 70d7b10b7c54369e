"""`speko up`: everything at once. What this module imports stays light: the parent lives as long as the product."""

import asyncio
import os
import sys

import click

from speko_gateway.cli.up_reporters import ConsoleReporter, JsonReporter
from speko_gateway.supervisor import Supervisor


@click.command(short_help="Run everything under one supervisor.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event on standard output.")
def up(as_json: bool) -> None:
    """Run web, jobs and worker under one supervisor.

    Checks the configuration, migrates the database, seeds an empty one, starts the roles, restarts a role that
    crashes, and prints where everything is. The first start shows two API keys and a sign-in link, once.

    Ctrl-C (or SIGTERM) drains and stops everything; a second one stops at once. On a terminal the roles log into
    the data folder's logs/, elsewhere to standard error; SPEKO_LOG_TO decides otherwise.
    """
    reporter = JsonReporter() if as_json else ConsoleReporter()
    sys.exit(asyncio.run(Supervisor(reporter, environment=child_environment()).run()))


def child_environment() -> dict[str, str]:
    """The environment of the roles: ours, with defaults that only a supervised installation has."""
    log_to = "files" if sys.stderr.isatty() else "stderr"
    return {"SPEKO_EXPECT_ROLES": "jobs,worker", "SPEKO_LOG_TO": log_to, **os.environ}
