"""`speko web`, `speko worker` and the running of any role, alone or under the supervisor."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import TypeAlias, cast

import click
import uvloop

from speko_core.errors import ConfigurationError
from speko_core.logs import configure_logging
from speko_core.settings import Role, Settings, load_settings
from speko_gateway import exit_codes
from speko_gateway.memory import leave_out_unused, share_one_arena
from speko_gateway.supervised import SupervisorLink

Start: TypeAlias = Callable[[Settings, tuple[Role, ...], SupervisorLink | None], Coroutine[None, None, None]]

supervised_option = click.option("--supervisor-fd", type=int, hidden=True)


@click.command(short_help="Run the web role.")
@supervised_option
def web(supervisor_fd: int | None) -> None:
    """Run the web role: REST, MCP, dashboard and talk page.

    Migrates the database first, under a lock, so any number of them may start at once.
    """
    run_role("web", supervisor_fd)


@click.command(short_help="Run the voice worker.")
@supervised_option
def worker(supervisor_fd: int | None) -> None:
    """Run the voice worker.

    It finds the web role at SPEKO_GATEWAY_URL, and signs in with SPEKO_WORKER_TOKEN or the shared master key.
    """
    run_role("worker", supervisor_fd)


def run_role(role: Role, supervisor_fd: int | None) -> None:
    """Run one role to its end. Under a supervisor, load the code first and then wait for its word."""
    share_one_arena()
    leave_out_unused()
    link = SupervisorLink(supervisor_fd) if supervisor_fd is not None else None
    start = _load(role)
    check_ports = cast(tuple[Role, ...], link.wait_for_go().check_ports) if link else (role,)
    try:
        settings = load_settings()
        configure_logging(settings, role)
        if link:
            link.watch(settings.drain_timeout_s)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if role == "web" else None) as runner:
            runner.run(start(settings, check_ports, link))
    except ConfigurationError as error:
        if link is None:
            raise
        link.send({"event": "refused", "message": str(error)})
        sys.exit(exit_codes.CONFIGURATION)
    finally:
        if link:
            link.leave()


def _load(role: Role) -> Start:
    if role == "worker" and find_spec("livekit") is None:
        raise ConfigurationError("The worker role needs more packages: pip install 'speko[worker,local]'.")
    return cast(Start, import_module(f"speko_gateway.cli.role_{role}").start)
