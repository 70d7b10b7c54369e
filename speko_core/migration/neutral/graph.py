"""A conversation in stages, and agents that hand over to each other."""

from typing import Literal

from pydantic import Field

from speko_core.migration.neutral.part import Part


class GraphNode(Part):
    """A stage of the conversation."""

    id: str
    name: str = ""
    kind: Literal["talk", "say", "end", "transfer", "tool", "branch", "global", "other"] = "talk"
    text: str = ""
    is_start: bool = False
    tools: list[str] = Field(default_factory=list)
    transfer_to: str | None = None
    condition: str | None = None
    extracts: list[str] = Field(default_factory=list)


class GraphEdge(Part):
    """A way from one stage to another."""

    source: str
    target: str
    condition: str = ""
    kind: Literal["prompt", "equation", "always", "else"] = "prompt"


class Graph(Part):
    """A conversation in stages. `problems` says what is wrong with it: no start, edges to nowhere."""

    nodes: list[GraphNode] = Field(default_factory=list)
    edges: list[GraphEdge] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)


class Handoff(Part):
    """From one agent of the document to another."""

    source: str
    target: str
    condition: str = ""
    message: str | None = None
