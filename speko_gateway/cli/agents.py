"""`speko agents`: the agents of this installation."""

import click

from speko_core.agents.operations import LIST
from speko_core.types import JsonValue
from speko_gateway.cli.local import call, organization_option
from speko_gateway.cli.output import json_option, show_json, show_table, text


@click.group(short_help="See the agents.")
def agents() -> None:
    """See the agents."""


@agents.command(name="list")
@organization_option
@json_option
def list_(organization: str | None, as_json: bool) -> None:
    """List agents, oldest first."""
    answer = call(LIST, {}, organization)
    if as_json:
        show_json(answer)
        return
    assert isinstance(answer, list)
    show_table(("id", "name", "language", "version", "updated"), [_row(agent) for agent in answer], "No agents.")


def _row(agent: JsonValue) -> tuple[str, ...]:
    assert isinstance(agent, dict)
    intent = agent.get("intent")
    language = text(intent, "language") if isinstance(intent, dict) else "-"
    return (text(agent, "id"), text(agent, "name"), language, text(agent, "version"), text(agent, "updatedAt"))
