"""Starts the web role."""

import sys

import click

from speko_core.bootstrap import FirstStart
from speko_core.settings import Role, Settings
from speko_gateway.cli.welcome import welcome_lines
from speko_gateway.links import links
from speko_gateway.serve import run_web
from speko_gateway.supervised import SupervisorLink

_ROLES: tuple[Role, ...] = ("web", "jobs", "worker")


async def start(settings: Settings, check_ports: tuple[Role, ...], link: SupervisorLink | None) -> None:
    """Serve; tell the supervisor, or on a first start alone the terminal, what a person needs."""

    def on_prepared(known: Settings, first: FirstStart | None) -> None:
        if link is not None:
            link.send(prepared_event(known, first))
        elif first is not None:
            for line in welcome_lines(links(known, first)):
                click.echo(line, file=sys.stdout)

    await run_web(settings, check_ports=check_ports, on_prepared=on_prepared)


def prepared_event(settings: Settings, first: FirstStart | None) -> dict[str, object]:
    """What the supervisor needs to know and to show."""
    return {
        "event": "prepared",
        "host": settings.host,
        "ports": {role: settings.health_port(role) for role in _ROLES},
        "drain_timeout_s": settings.drain_timeout_s,
        "links": links(settings, first),
    }
