"""What the builtin tools can be configured with, and the parameters the model fills in."""

from typing import Annotated, Literal, TypeGuard

from pydantic import Field, StringConstraints, ValidationError

from speko_core.errors import FieldProblem
from speko_core.schemas import Sparse
from speko_core.types import JsonObject
from speko_core.validation import field_problems

BuiltinName = Literal["search_knowledge_base", "end_call", "transfer_call"]
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


_CONFIGS: dict[str, type[Sparse]] = {
    "search_knowledge_base": SearchConfig,
    "end_call": EndCallConfig,
    "transfer_call": TransferConfig,
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
    names: list[str] = [destination_name(one) for one in TransferConfig.model_validate(config or {}).destinations]
    target: JsonObject = {"type": "string", "enum": [*names], "description": "Where to transfer the call."}
    return {"type": "object", "required": ["destination"], "properties": {"destination": target}}


def destination_name(destination: Destination) -> str:
    """How the model names a destination."""
    return destination.label or destination.to
