"""What an agent can do: tools with the servers behind them, and transfers."""

from typing import Literal

from pydantic import Field

from speko_core.migration.neutral.part import Part
from speko_core.types import JsonObject, JsonValue

PayloadFormat = Literal["plain", "vapi", "retell", "elevenlabs", "bland", "bolna", "ultravox", "deepgram", "telnyx"]


class Header(Part):
    """A request header; `secret` when the value was a credential and is gone."""

    name: str
    value: str
    secret: bool = False


class Endpoint(Part):
    """The customer's server behind a tool."""

    url: str
    method: str = "POST"
    headers: list[Header] = Field(default_factory=list)
    query: JsonObject = Field(default_factory=dict)
    body: JsonValue = None
    constants: JsonObject = Field(default_factory=dict)
    timeout_ms: int | None = None
    payload_format: PayloadFormat = "plain"
    tool_name: str | None = Field(None, description="What the server calls the tool, where that is not its name here.")
    runs_async: bool = False


class Tool(Part):
    """Something the agent can do. `inline` tools run in the caller's own code, `builtin` ones here."""

    name: str
    description: str = ""
    parameters: JsonObject = Field(default_factory=dict)
    kind: Literal["webhook", "inline", "builtin", "integration"] = "inline"
    builtin: Literal["end_call", "transfer_call", "search_knowledge_base"] | None = None
    endpoint: Endpoint | None = None
    speech: str | None = None
    unmappable: str | None = Field(None, description="Why it cannot run here, when it cannot.")


class Transfer(Part):
    """A destination a call can go to."""

    to: str
    description: str = ""
    mode: Literal["blind", "warm"] = "blind"
    message: str | None = None
