"""What `POST /v1/chat/completions` is sent, and the completion it asks for.

Source: https://platform.openai.com/docs/api-reference/chat/create and openai 3.52.0, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from speko_core.oneshot.parsing import parse_object
from speko_core.oneshot.schemas import CompleteInput
from speko_core.schemas import Input
from speko_core.types import JsonObject, JsonValue
from speko_gateway.streams.compat.intent import Routed, Wish, refused

# Fields that would change what the answer is, with the one value that asks for nothing.
_DECISIVE: Final[Mapping[str, tuple[JsonValue, ...]]] = {
    "n": (1,),
    "stop": ([], ""),
    "logprobs": (False,),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "functions": ([],),
    "audio": (),
    "web_search_options": (),
}
# Fields that only shape it, with the values that ask for nothing: what is left out is named in a header.
_SHAPING: Final[Mapping[str, tuple[JsonValue, ...]]] = {
    "top_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "seed": (),
    "verbosity": ("medium",),
    "prediction": (),
}


class _Wire(Input):
    """A part of a request; OpenAI writes names with underscores, and adds some at any time."""

    model_config = ConfigDict(alias_generator=None, extra="ignore")


class _Part(_Wire):
    type: str
    text: str = ""


class _Function(_Wire):
    name: str
    arguments: str = "{}"


class _Call(_Wire):
    id: str
    type: str = "function"
    function: _Function


class ChatRequestMessage(_Wire):
    """One message; its content may come in parts."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[_Part, ...] | None = None
    tool_calls: tuple[_Call, ...] | None = None
    tool_call_id: str | None = None


class _ToolFunction(_Wire):
    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class _Tool(_Wire):
    type: str
    function: _ToolFunction | None = None


class StreamOptions(_Wire):
    """How a stream is told."""

    include_usage: bool | None = None


class ChatRequest(Routed):
    """Body of `POST /v1/chat/completions`."""

    model_config = ConfigDict(alias_generator=None, extra="allow")

    messages: Annotated[tuple[ChatRequestMessage, ...], Field(min_length=1, max_length=2_000)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    max_completion_tokens: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1, description="The older name of `max_completion_tokens`.")
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    tools: Annotated[tuple[_Tool, ...], Field(max_length=128)] | None = None
    tool_choice: str | JsonObject | None = None
    parallel_tool_calls: bool | None = None

    def refuse_what_is_missing(self) -> None:
        """Refuse fields that would change what the answer is.

        Raises:
            InvalidInput: one of them asks for something.
        """
        for name in _asked(self.model_extra or {}, _DECISIVE):
            raise refused(name, f"{name} is not available in this version.")

    @property
    def left_out(self) -> tuple[str, ...]:
        """The fields that only shape an answer and have no place here."""
        strict = any(tool.function and tool.function.strict for tool in self.tools or ())
        return (*_asked(self.model_extra or {}, _SHAPING), *(("strict",) if strict else ()))


def _asked(sent: Mapping[str, object], neutral: Mapping[str, tuple[JsonValue, ...]]) -> tuple[str, ...]:
    return tuple(name for name in neutral if sent.get(name) is not None and sent[name] not in neutral[name])


def completion_of(chat: ChatRequest, wish: Wish) -> CompleteInput:
    """The same request in our words.

    Raises:
        InvalidInput: it holds something else than text and functions, or makes no sense.
    """
    chat.refuse_what_is_missing()
    fields: JsonObject = {
        "messages": [_message(index, message) for index, message in enumerate(chat.messages)],
        "intent": wish.intent.model_dump(mode="json", by_alias=True),
        "constraints": wish.constraints.model_dump(mode="json", by_alias=True) if wish.constraints else None,
        "temperature": chat.temperature,
        "maxTokens": chat.max_completion_tokens or chat.max_tokens,
        "reasoningEffort": chat.reasoning_effort,
        "toolChoice": chat.tool_choice,
        "parallelToolCalls": chat.parallel_tool_calls,
    }
    if chat.tools:
        fields["tools"] = [_tool(index, tool) for index, tool in enumerate(chat.tools)]
    return parse_object(CompleteInput, fields)


def _message(index: int, message: ChatRequestMessage) -> JsonObject:
    role = "system" if message.role == "developer" else message.role
    calls: list[JsonValue] = [
        {"id": call.id, "name": call.function.name, "args": call.function.arguments}
        for call in message.tool_calls or ()
    ]
    found: JsonObject = {"role": role, "content": _text(index, message), "toolCallId": message.tool_call_id}
    return {**found, "toolCalls": calls} if calls else found


def _text(index: int, message: ChatRequestMessage) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    for part in message.content:
        if part.type != "text":
            raise refused(f"messages[{index}].content", f"Content of type {part.type} is not available: only text is.")
    return "".join(part.text for part in message.content)


def _tool(index: int, tool: _Tool) -> JsonObject:
    function = tool.function
    if tool.type != "function" or function is None:
        raise refused(f"tools[{index}].type", f"Tools of type {tool.type} are not available: only functions are.")
    parameters = function.parameters or {"type": "object", "properties": {}}
    return {"name": function.name, "description": function.description or "", "parameters": parameters}
