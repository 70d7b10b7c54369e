"""One request as `sandbox-1` reads it: the prompt, the tools, and who said what."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from speko_core.providers.base import LlmRequest, Message, Tool
from speko_core.providers.sandbox.dates import context_date

MAX_REPLAYED_TURNS = 30


@dataclass(frozen=True)
class Conversation:
    """A view of the request; computes, never changes anything."""

    request: LlmRequest

    @cached_property
    def prompt(self) -> str:
        """Everything said by the system."""
        parts = [self.request.system_prompt or ""]
        parts += [message.content for message in self.request.messages if message.role == "system"]
        return "\n".join(part for part in parts if part)

    @cached_property
    def today(self) -> date | None:
        """The date the prompt names, if any: relative dates need it."""
        return context_date(self.prompt)

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that may be called."""
        return () if self.request.tool_choice == "none" else self.request.tools

    @property
    def forced_tool(self) -> Tool | None:
        """The tool that `tool_choice` asks for by name, or the only one when some tool is required."""
        choice = self.request.tool_choice or ""
        if choice == "required" and len(self.tools) == 1:
            return self.tools[0]
        return self.tool(choice.removeprefix("tool:")) if choice.startswith("tool:") else None

    def tool(self, name: str) -> Tool | None:
        """The tool of that name."""
        return next((tool for tool in self.tools if tool.name == name), None)

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """The conversation without system messages."""
        return tuple(message for message in self.request.messages if message.role != "system")

    @property
    def user_texts(self) -> tuple[str, ...]:
        """What the caller said since the last tool call, oldest first: what an open question is about."""
        start = max((index for index, message in enumerate(self.messages) if message.tool_calls), default=-1) + 1
        texts = [message.content for message in self.messages[start:] if message.role == "user"]
        return tuple(texts[-MAX_REPLAYED_TURNS:])

    @property
    def all_user_texts(self) -> tuple[str, ...]:
        """Everything the caller said, oldest first."""
        return tuple(message.content for message in self.messages if message.role == "user")

    @property
    def agent_texts(self) -> tuple[str, ...]:
        """Everything the agent said, oldest first."""
        return tuple(message.content for message in self.messages if message.role == "assistant" and message.content)

    @property
    def tool_results(self) -> tuple[Message, ...]:
        """The results the last messages carry; empty when the caller spoke last."""
        results: list[Message] = []
        for message in reversed(self.messages):
            if message.role != "tool":
                break
            results.insert(0, message)
        return tuple(results)

    def tool_name_of(self, result: Message) -> str | None:
        """The tool that a result answers."""
        for message in self.messages:
            for call in message.tool_calls:
                if call.id == result.tool_call_id:
                    return call.name
        return None
