"""What starts a speech-to-speech session, and what its caller gets back."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from speko_core.schemas import Input, Output, WireTime
from speko_core.types import JsonObject

SampleRate = Literal[16000, 24000]
DEFAULT_RATE: SampleRate = 24000
MAX_TTL_S = 1800


class RealtimeTool(Input):
    """A tool that the caller runs: the model's calls of it are handed out as `tool_call`."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")
    description: Annotated[str, StringConstraints(max_length=4_000)] = ""
    parameters: JsonObject = Field(default_factory=dict, description="A JSON Schema object.")


class RealtimeOptions(Input):
    """Which model, and how it shall speak. What is absent is the agent's, else the router's choice."""

    provider: str | None = Field(None, max_length=80, description="`openai`, `google`, `xai`, `inworld` or `local`.")
    model: str | None = Field(None, max_length=120, description="A model of the provider, such as `gpt-realtime`.")
    voice: str | None = Field(None, max_length=120, description="A voice of the model.")
    system_prompt: str | None = Field(None, max_length=100_000, description="Initial instructions.")
    temperature: float | None = Field(None, ge=0, le=2)
    input_sample_rate: SampleRate | None = Field(None, description="Rate of the audio the caller sends; default 24000.")
    output_sample_rate: SampleRate | None = Field(None, description="Rate of the audio it gets; default 24000.")
    tools: list[RealtimeTool] | None = Field(None, max_length=64, description="Tools that the caller runs.")


class RealtimeCreated(Output):
    """Where to speak. The token works once, as the first WebSocket subprotocol, and is shown only here."""

    mode: Literal["s2s"]
    session_id: str = Field(json_schema_extra={"format": "uuid"})
    ws_url: str = Field(description="WebSocket to open.", json_schema_extra={"format": "uri"})
    ws_token: str = Field(description="Its one subprotocol, single use.")
    input_sample_rate: int = Field(description="Rate of the audio to send, in Hz.")
    output_sample_rate: int = Field(description="Rate of the audio that comes, in Hz.")
    expires_at: WireTime
    provider: str = Field(description="Who will serve it, as routing stands now.")
    model: str
