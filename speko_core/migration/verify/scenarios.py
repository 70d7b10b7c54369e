"""Scenarios from a source: what its agent did, one scenario a thing, whatever was built from it. Pure."""

from dataclasses import dataclass
from typing import Literal

from speko_core.migration.neutral import Agent, Tool, VoiceAgents
from speko_core.migration.variables import filled
from speko_core.migration.verify.examples import example_arguments
from speko_core.types import JsonObject

Kind = Literal["first_message", "variable", "tool", "end_call", "transfer", "extraction", "handoff"]
MAX_SCENARIOS = 500
WAITS, OPENS = "waits for the caller", "the model opens the call"
_ANYTHING: JsonObject = {"type": "object", "properties": {}}


@dataclass(frozen=True)
class Scenario:
    """One thing to try on one agent. `expected` is what the source did, in words.

    `arguments` are those of a tool call, None where none could be made up from its schema.
    """

    agent: str
    kind: Kind
    subject: str
    expected: str
    arguments: JsonObject | None = None


def write_scenarios(agents: VoiceAgents) -> list[Scenario]:
    """The scenarios of every agent of a source, in the order a call meets them."""
    written: list[Scenario] = []
    for agent in agents.agents:
        written += _first_message(agent)
        written += [_variable(agent, variable.name, variable.default) for variable in agent.variables]
        written += [_tool(agent, tool) for tool in agent.tools]
        written += [
            Scenario(agent.key, "transfer", transfer.to or "(no number)", f"{transfer.mode} transfer to {transfer.to}")
            for transfer in agent.transfers
        ]
        written += [
            Scenario(agent.key, "extraction", field.name, " ".join([field.type, *field.options]))
            for field in agent.extraction
        ]
    written += [
        Scenario(way.source, "handoff", way.target, f"goes on with {way.target}: {way.condition}".rstrip(": "))
        for way in agents.handoffs
    ]
    return written[:MAX_SCENARIOS]


def example_variables(agent: Agent) -> dict[str, str]:
    """A value for each variable that has no default."""
    return {item.name: f"example {item.name}" for item in agent.variables if item.default is None}


def _first_message(agent: Agent) -> list[Scenario]:
    opening = agent.first_message
    mode = opening.mode or ("say" if opening.text else "wait")
    if mode == "wait":
        return [Scenario(agent.key, "first_message", "first message", WAITS)]
    if mode == "generate" or not opening.text:
        return [Scenario(agent.key, "first_message", "first message", OPENS)]
    values = {item.name: item.default for item in agent.variables if item.default is not None}
    text = filled(opening.text, {**example_variables(agent), **values})
    return [Scenario(agent.key, "first_message", "first message", text)]


def _variable(agent: Agent, name: str, default: str | None) -> Scenario:
    wanted = f"{default} when no value is given" if default is not None else "asked for with each call"
    return Scenario(agent.key, "variable", name, wanted)


def _tool(agent: Agent, tool: Tool) -> Scenario:
    if tool.builtin == "end_call":
        return Scenario(agent.key, "end_call", tool.name, "hangs up")
    if tool.builtin == "search_knowledge_base":
        query: JsonObject = {"query": "opening hours"}
        return Scenario(agent.key, "tool", tool.name, "searches the knowledge base", query)
    if tool.endpoint is not None and tool.kind == "webhook":
        expected = f"{tool.endpoint.method} {tool.endpoint.url}"
    else:
        expected = "is called"
    return Scenario(agent.key, "tool", tool.name, expected, example_arguments(tool.parameters or _ANYTHING))
