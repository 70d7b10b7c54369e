"""What one-shot callers send. Fields the wire documents as optional also accept null: older clients send it."""

import json
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from speko_core.routing.intent import Constraints, RoutingIntent
from speko_core.schemas import Input
from speko_core.types import JsonObject, JsonValue

MAX_TEXT = 50_000
ToolKind = Literal["inline", "webhook", "builtin", "integration"]


def _json_text(value: str) -> str:
    try:
        json.loads(value or "{}")
    except (ValueError, RecursionError):
        raise ValueError("must be a JSON string that parses") from None
    return value or "{}"


class CallMade(Input):
    """A tool call of an earlier assistant message."""

    id: str
    name: str
    args: Annotated[str, AfterValidator(_json_text)] = Field(description="Arguments as a JSON string.")


class ChatMessage(Input):
    """One message of the conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[CallMade, ...] | None = None
    tool_call_id: str | None = Field(None, description="Required on `role: tool`: the call this answers.")
    is_error: bool | None = None

    @model_validator(mode="after")
    def _tool_answers_a_call(self) -> Self:
        if self.role == "tool" and not self.tool_call_id:
            raise ValueError("toolCallId is required on a message with role tool")
        return self


class ToolSource(Input):
    """Where a tool runs. Typed clients leave `kind` out, so it is read from the other fields."""

    kind: ToolKind | None = None
    name: str | None = None
    url: str | None = None
    secret_ref: str | None = Field(None, max_length=200, description="Names the stored tool, which decides the rest.")
    installation_id: str | None = None
    app_key: str | None = None
    action_key: str | None = None
    config: JsonValue = None

    @property
    def resolved_kind(self) -> ToolKind:
        """The kind as written, or as its fields imply."""
        if self.kind:
            return self.kind
        if self.installation_id:
            return "integration"
        return "webhook" if self.url else "builtin" if self.name else "inline"


class ChatTool(Input):
    """A function the model may call."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: str
    parameters: JsonObject = Field(description="JSON Schema object of the arguments.")
    execution_mode: ToolKind | None = Field(None, description="Where the tool runs; inline when omitted.")
    source: ToolSource | None = None
    pre_tool_speech: Literal["auto", "always", "never"] | None = None

    @property
    def kind(self) -> ToolKind:
        """Where the tool runs."""
        return self.execution_mode or (self.source.resolved_kind if self.source else "inline")


class FunctionName(Input):
    """The function a tool choice names."""

    name: str


class FunctionChoice(Input):
    """A tool choice that forces one function."""

    type: Literal["function"]
    function: FunctionName


class CompleteInput(Input):
    """Body of `POST /v1/complete`."""

    messages: Annotated[tuple[ChatMessage, ...], Field(max_length=2_000)]
    intent: RoutingIntent
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    system_prompt: str | None = None
    constraints: Constraints | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    tools: Annotated[tuple[ChatTool, ...], Field(max_length=128)] | None = None
    tool_choice: Literal["auto", "none", "required"] | FunctionChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tool_hops: int | None = Field(None, ge=1, le=16, description="Ignored when every tool runs inline.")
    agent_id: str | None = Field(
        None,
        max_length=80,
        description="With a session's own credential: which of its agents speaks now.",
    )
    handovers: int = Field(0, ge=0, le=100, description="Handovers since the caller last spoke; there is a limit.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.messages and not self.system_prompt:
            raise ValueError("messages must hold at least one message when there is no systemPrompt")
        names = [tool.name for tool in self.tools or ()]
        if len(set(names)) < len(names):
            raise ValueError("tools must have different names")
        if isinstance(self.tool_choice, FunctionChoice) and self.tool_choice.function.name not in names:
            raise ValueError("toolChoice must name one of the tools")
        return self


class SynthesizeInput(Input):
    """Body of `POST /v1/synthesize`."""

    text: str = Field(min_length=1, max_length=MAX_TEXT, pattern=r"\S")
    intent: RoutingIntent
    voice: str | None = Field(
        None, max_length=200, description="Provider-specific voice id; the model's default when omitted."
    )
    # It comes back in a response header, so it must be able to stand in one.
    model: str | None = Field(
        None, pattern=r"^[!-~]{1,200}$", description="Upstream model, for the primary candidate only."
    )
    speed: float | None = Field(None, ge=0.5, le=2)
    constraints: Constraints | None = None
    instructions: str | None = Field(None, max_length=4_000, description="Style; left out where a model has none.")
    spoken_form: Literal[False] | None = Field(None, description="Normalizing to spoken form is not available.")


class SttOptions(Input):
    """The `X-Speko-Stt-Options` header."""

    model_config = ConfigDict(frozen=True)

    keywords: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=500)] | None = None
    language: str | None = Field(None, max_length=35, description="Language of the stream only: a tag, multi or auto.")
    prompt: str | None = Field(None, max_length=2_000)
    words: bool | None = Field(None, description="Each word with its place in the recording, in seconds.")
    speakers: bool | None = Field(None, description="Each word with who said it; implies `words`.")


class TranscribeInput(Input):
    """A recording and what the headers said about it."""

    intent: RoutingIntent
    constraints: Constraints | None = None
    options: SttOptions = SttOptions()
    body: bytes
    content_type: str = "audio/wav"
