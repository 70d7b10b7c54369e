"""The framework's conversation and tools, written as `/v1/complete` takes them."""

import json

from livekit.agents import llm

from speko_core.types import JsonObject
from speko_worker.plugins.errors import SpekoAdapterError

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def chat_context_to_speko(context: llm.ChatContext) -> list[JsonObject]:
    """The chat messages only, in order, empty ones and unknown roles left out."""
    return [message for item in context.items if isinstance(item, llm.ChatMessage) if (message := _message(item))]


def conversation(context: llm.ChatContext) -> list[JsonObject]:
    """The messages with the calls of runtime tools and their results between them.

    Raises:
        SpekoAdapterError: `INVALID_CONTEXT`, nothing in the context can be sent.
    """
    messages: list[JsonObject] = []
    for item in context.items:
        if isinstance(item, llm.ChatMessage):
            if message := _message(item):
                messages.append(message)
        elif isinstance(item, llm.FunctionCall):
            call: JsonObject = {"id": item.call_id, "name": item.name, "args": item.arguments or "{}"}
            messages.append({"role": "assistant", "content": "", "toolCalls": [call]})
        elif isinstance(item, llm.FunctionCallOutput):
            result: JsonObject = {"role": "tool", "content": item.output, "toolCallId": item.call_id}
            messages.append({**result, "isError": True} if item.is_error else result)
    if not messages:
        raise SpekoAdapterError("INVALID_CONTEXT", "SpekoLLM: the chat context has no message that can be sent.")
    return messages


def _message(item: llm.ChatMessage) -> JsonObject | None:
    role, text = _ROLES.get(item.role), item.text_content
    return {"role": role, "content": text} if role and text else None


def inline_tools(tools: list[llm.Tool]) -> list[JsonObject]:
    """Runtime tools as inline tools: the model's call comes back to the framework, which runs it."""
    described = llm.ToolContext(tools).parse_function_tools("openai", strict=False)
    functions = [tool["function"] for tool in described if tool.get("type") == "function"]
    return [
        {"name": f["name"], "description": f.get("description") or "", "parameters": f["parameters"]} for f in functions
    ]


def valid_args(args: str) -> str:
    """Tool arguments as a JSON string that parses; anything else becomes an empty object."""
    try:
        json.loads(args)
    except json.JSONDecodeError:
        return "{}"
    return args
