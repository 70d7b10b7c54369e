"""Requests and answers about tools."""

import json
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, field_validator, model_validator

from speko_core.agents.config import Clip
from speko_core.schemas import Input, Output, Sparse, WireTime
from speko_core.tools.sources import SourceInput, SourceShown
from speko_core.types import JsonObject

ToolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Description = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
PreToolSpeech = Literal["auto", "always", "never"]
MAX_MOCK_BYTES = 8_192


class ToolSoundOverride(Sparse):
    """The sound played while this tool runs, instead of the agent's."""

    enabled: bool
    clip: Clip | None = None
    sound_id: str | None = Field(None, max_length=80)
    volume: float | None = Field(None, ge=0, le=16)

    @model_validator(mode="after")
    def _one_sound(self) -> Self:
        if self.clip is not None and self.sound_id is not None:
            raise ValueError("must not have both `clip` and `soundId`")
        return self


class Simulation(Sparse):
    """`live` really calls; `mock` answers `response` and calls nothing."""

    mode: Literal["live", "mock"]
    response: JsonValue = None

    @field_validator("response")
    @classmethod
    def _fits(cls, value: JsonValue) -> JsonValue:
        if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_MOCK_BYTES:
            raise ValueError(f"must be at most {MAX_MOCK_BYTES} bytes of JSON")
        return value


class ToolCreate(Input):
    """A new tool of an agent."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    name: ToolName = Field(description="snake_case, at most 64 characters; unique for the agent, cannot be changed.")
    description: Description = Field(description="When the model should call it. Be explicit.")
    parameters: JsonObject = Field(description='JSON Schema of the arguments, with "type": "object".')
    source: SourceInput = Field(description="Where it runs: inline, webhook, builtin or integration.")
    pre_tool_speech: PreToolSpeech = "auto"
    tool_sound: ToolSoundOverride | None = None
    simulation: Simulation | None = None


class ToolUpdate(Input):
    """A partial change: absent fields stay; null clears `toolSound` and `simulation`. The name stays."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    tool_id: str = Field(description="Tool id, prefixed `tool_`.", max_length=80)
    description: Description | None = None
    parameters: JsonObject | None = None
    source: SourceInput | None = None
    pre_tool_speech: PreToolSpeech | None = None
    tool_sound: ToolSoundOverride | None = None
    simulation: Simulation | None = None

    @model_validator(mode="after")
    def _required_fields_cannot_be_cleared(self) -> Self:
        for name in ("description", "parameters", "source", "pre_tool_speech"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


class ToolList(Input):
    """The tools of one agent, oldest first."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    available: str | None = Field(None, description="`1` leaves out what could not run now; other values mean nothing.")


class ToolRef(Input):
    """Names one tool of one agent."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    tool_id: str = Field(description="Tool id, prefixed `tool_`.", max_length=80)


class AgentTool(Output):
    """A tool of an agent."""

    id: str = Field(description="Tool id, prefixed `tool_`.")
    agent_id: str
    name: str
    description: str
    parameters: JsonObject
    source: SourceShown
    pre_tool_speech: PreToolSpeech
    tool_sound: ToolSoundOverride | None
    simulation: Simulation | None
    created_at: WireTime
    updated_at: WireTime
