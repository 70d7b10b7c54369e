"""What the builtin tools can be configured with, and the parameters the model fills in."""

from typing import Annotated, Literal, Self, TypeGuard

from pydantic import Field, StringConstraints, ValidationError, model_validator

from speko_core.errors import FieldProblem
from speko_core.schemas import Sparse
from speko_core.types import JsonObject
from speko_core.validation import field_problems

BuiltinName = Literal["search_knowledge_base", "end_call", "transfer_call", "transfer_to_agent"]
Target = Annotated[
    str, StringConstraints(pattern=r"^(\+[1-9][0-9]{1,14}|sips?:[^\s<>@]{1,100}@[A-Za-z0-9.:-]{1,255})$")
]


class SearchConfig(Sparse):
    """`search_knowledge_base`: how many passages; rows name the agent whose knowledge is searched."""

    agent_id: str | None = Field(None, max_length=80)
    limit: int | None = Field(None, ge=1, le=20)


class EndCallConfig(Sparse):
    """`end_call`: what is said before hanging up."""

    message: str | None = Field(None, max_length=500)


class Destination(Sparse):
    """One place a call may be transferred to. `label` or the number is what the model names."""

    to: Target
    label: str | None = Field(None, min_length=1, max_length=100)
    mode: Literal["blind", "warm"] | None = None
    description: str | None = Field(None, max_length=500)
    message: str | None = Field(None, max_length=500)


class TransferConfig(Sparse):
    """`transfer_call`: the destinations, and nothing beyond them."""

    destinations: list[Destination] = Field(min_length=1, max_length=20)


class LinkedAgent(Sparse):
    """An agent that the conversation can be handed to. `name` or the id is what the model names."""

    agent_id: str = Field(min_length=1, max_length=80)
    name: str | None = Field(None, min_length=1, max_length=100)
    description: str | None = Field(None, max_length=1_000)
    message: str | None = Field(None, max_length=500)
    context_messages: int | None = Field(None, ge=1, le=100)


class HandoverConfig(Sparse):
    """`transfer_to_agent`: the agents, and nobody beyond them."""

    agents: list[LinkedAgent] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _each_is_named_once(self) -> Self:
        names = [agent_name(one) for one in self.agents]
        if len(set(names)) < len(names) or len({one.agent_id for one in self.agents}) < len(self.agents):
            raise ValueError("must name each agent once, each by a name of its own")
        return self


_CONFIGS: dict[str, type[Sparse]] = {
    "search_knowledge_base": SearchConfig,
    "end_call": EndCallConfig,
    "transfer_call": TransferConfig,
    "transfer_to_agent": HandoverConfig,
}


def is_builtin(name: str | None) -> TypeGuard[BuiltinName]:
    """True for the name of a builtin tool."""
    return name in _CONFIGS


def config_problems(name: BuiltinName, config: JsonObject | None) -> tuple[FieldProblem, ...]:
    """What is wrong with a builtin's configuration."""
    try:
        _CONFIGS[name].model_validate(config or {})
    except ValidationError as error:
        return tuple(
            FieldProblem(".".join(filter(None, ("source.config", problem.field))), problem.problem)
            for problem in field_problems(error)
        )
    return ()


def model_parameters(name: BuiltinName, config: JsonObject | None, declared: JsonObject) -> JsonObject:
    """What the model is asked for: the tool's own parameters, or ours where it declares none."""
    if declared.get("properties"):
        return declared
    if name == "search_knowledge_base":
        query: JsonObject = {"type": "string", "description": "What to look for, as a question or key words."}
        return {"type": "object", "required": ["query"], "properties": {"query": query}}
    if name == "end_call":
        reason: JsonObject = {"type": "string", "description": "Why the call ends, in a few words."}
        return {"type": "object", "properties": {"reason": reason}}
    if name == "transfer_to_agent":
        return _handover_parameters(HandoverConfig.model_validate(config or {}))
    names: list[str] = [destination_name(one) for one in TransferConfig.model_validate(config or {}).destinations]
    target: JsonObject = {"type": "string", "enum": [*names], "description": "Where to transfer the call."}
    return {"type": "object", "required": ["destination"], "properties": {"destination": target}}


def _handover_parameters(config: HandoverConfig) -> JsonObject:
    whom = "\n".join(
        f"{agent_name(one)}: {one.description}" if one.description else agent_name(one) for one in config.agents
    )
    agent: JsonObject = {
        "type": "string",
        "enum": [agent_name(one) for one in config.agents],
        "description": f"Who goes on with the conversation.\n{whom}",
    }
    summary: JsonObject = {
        "type": "string",
        "maxLength": 2_000,
        "description": "What the next agent has to know, in a sentence or two.",
    }
    return {"type": "object", "required": ["agent"], "properties": {"agent": agent, "summary": summary}}


def agent_name(agent: LinkedAgent) -> str:
    """How the model names an agent."""
    return agent.name or agent.agent_id


def destination_name(destination: Destination) -> str:
    """How the model names a destination."""
    return destination.label or destination.to
