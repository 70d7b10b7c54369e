"""How an answer goes on after a handover: under the next agent's prompt, models and tools."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from speko_core.handover import Handover
from speko_core.oneshot.complete import CompleteCall
from speko_core.oneshot.schemas import ChatMessage, CompleteInput
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.sessions.plan import PlanAgent
from speko_core.toolrun.tool import RunnableTool
from speko_core.types import JsonObject


@dataclass(frozen=True)
class Hop:
    """What the next model call adds to the request: messages, and whether tools may still be called."""

    added: tuple[ChatMessage, ...]
    tools_allowed: bool


OpenHop = Callable[[Hop], Awaitable[CompleteCall]]
Follow = Callable[[Handover, tuple[ChatMessage, ...]], Awaitable["Following"]]


@dataclass(frozen=True)
class Following:
    """The hops and the tools of the agent that goes on, and what follows when it hands over too."""

    open_hop: OpenHop
    tools: Sequence[RunnableTool]
    follow: Follow


@dataclass
class Spoken:
    """What one agent said in an answer, and the calls it made. `agent_id` is None for the agent that was asked."""

    agent_id: str | None = None
    pieces: list[str] = field(default_factory=list)
    calls: list[JsonObject] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(self.pieces)


def request_as(agent: PlanAgent) -> dict[str, object]:
    """The fields of a completion that say who answers it; without `constraints` where the agent has none."""
    intent = {
        "language": agent.intent.language,
        "region": agent.intent.region,
        "optimizeFor": agent.intent.optimize_for,
    }
    fields: dict[str, object] = {
        "intent": RoutingIntent.model_validate(intent),
        "system_prompt": agent.system_prompt or None,
        "temperature": agent.temperature,
        "max_tokens": agent.max_tokens,
    }
    if agent.models.llm:
        fields["constraints"] = Constraints(allowed_providers=AllowedProviders(llm=tuple(agent.models.llm)))
    return fields


def handed_on(
    data: CompleteInput, added: Sequence[ChatMessage], handover: Handover, handover_tools: set[str]
) -> tuple[ChatMessage, ...]:
    """The conversation as the next agent sees it.

    The prompt of the agent before gives way, and so does the call that handed over. What its other tools answered since
    the caller spoke is told in words: the next agent may not have those tools.
    """
    told = [*_without_prompt(data.messages), *_in_words(added, handover_tools)]
    if handover.message:
        told.append(ChatMessage(role="assistant", content=handover.message))
    return (*last_messages(told, handover.context_messages), ChatMessage(role="system", content=handover.note))


def last_messages(messages: Sequence[ChatMessage], limit: int | None) -> Sequence[ChatMessage]:
    """The end of a conversation: from the caller's last messages, `limit` of them, on."""
    asked = [at for at, message in enumerate(messages) if message.role == "user"]
    return messages if limit is None or len(asked) < limit else messages[asked[-limit] :]


def _without_prompt(messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    first = next((at for at, message in enumerate(messages) if message.role != "system"), len(messages))
    return messages[first:]


def _in_words(added: Sequence[ChatMessage], handover_tools: set[str]) -> list[ChatMessage]:
    names = {call.id: call.name for message in added for call in message.tool_calls or ()}
    told: list[ChatMessage] = []
    for message in added:
        if message.role == "assistant" and message.content.strip():
            told.append(ChatMessage(role="assistant", content=message.content))
        name = names.get(message.tool_call_id or "")
        if message.role == "tool" and name is not None and name not in handover_tools:
            told.append(ChatMessage(role="system", content=f"The tool {name} was called:\n{message.content}"))
    return told
