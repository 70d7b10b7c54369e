"""What a build is: the requests to send, in order, and everything a person has to know or to set first (MIG-3)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from speko_core.migration.neutral import Handoff, Header, PayloadFormat
from speko_core.migration.report import Report
from speko_core.types import JsonObject, JsonValue

GraphChoice = Literal["staged", "linked"]
ProviderChoice = Literal["keep", "any"]


class Shown(BaseModel):
    """Answers of migration keep the documented names, which are in snake case."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


class BuildOptions(BaseModel):
    """Choices of the person who migrates."""

    name: str | None = None
    language: str | None = None
    graph: GraphChoice = "staged"
    providers: ProviderChoice = "keep"
    # What this installation can serve, as `layer:vendor` and `layer:vendor:model`; None keeps what the source named.
    served: frozenset[str] | None = None
    # Whether this installation calls http and private addresses: for development.
    insecure_urls: bool = False


class Key(Shown):
    """Something secret that has to be set by hand."""

    name: str
    kind: str
    pointer: str | None
    reason: str


class Unmappable(Shown):
    """A tool that cannot run here as it stands."""

    name: str
    reason: str


class ToolAdapter(Shown):
    """How the customer's server expects to be called, where that differs from the product's own webhook body."""

    tool: str
    payload_format: PayloadFormat
    method: str
    query: JsonObject
    constants: JsonObject
    body: JsonValue


class AgentBuild(Shown):
    """The requests for one agent: create it, add its tools, start a session."""

    key: str
    agent_create_payload: JsonObject = Field(description="Body of POST /v1/agents.")
    tools: list[JsonObject] = Field(description="Bodies of POST /v1/agents/{id}/tools.")
    session_config: JsonObject = Field(description="Body of POST /v1/sessions; add `agentId`.")
    phone_config: JsonObject = Field(description="Fields of POST /v1/sessions/phone.")
    webhooks: list[JsonObject] = Field(description="Receivers to subscribe.")
    evals: list[JsonObject] = Field(description="Criteria to make evals from.")
    tool_adapters: list[ToolAdapter]
    unmappable_tools: list[Unmappable]
    handoff_tool: JsonObject | None = Field(
        None, description="Body of another tool, once the linked agents are here: put their ids where their keys stand."
    )


class Build(Shown):
    """The whole result. The first agent answers; `linked_agents` are the others."""

    platform: str
    source_digest: str
    entry: str = Field(description="Key of the agent that answers.")
    agent_create_payload: JsonObject = Field(description="Body of POST /v1/agents.")
    tools: list[JsonObject] = Field(description="Bodies of POST /v1/agents/{id}/tools.")
    session_config: JsonObject = Field(description="Body of POST /v1/sessions; add `agentId`.")
    phone_config: JsonObject
    webhooks: list[JsonObject]
    evals: list[JsonObject]
    tool_adapters: list[ToolAdapter]
    unmappable_tools: list[Unmappable]
    handoff_tool: JsonObject | None = Field(
        None, description="Body of another tool, once the linked agents are here: put their ids where their keys stand."
    )
    linked_agents: list[AgentBuild]
    handoffs: list[Handoff]
    warnings: list[str]
    keys_to_set: list[Key]
    report: Report | None

    @property
    def agents(self) -> list[AgentBuild]:
        """Every agent; the first one answers."""
        return [AgentBuild.model_validate({**dict(self), "key": self.entry}), *self.linked_agents]


__all__ = [
    "AgentBuild", "Build", "BuildOptions", "Header", "Key", "Shown", "ToolAdapter", "Unmappable",
]  # fmt: skip
