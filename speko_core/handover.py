"""A handover as it travels: asked for by a tool, carried out by whoever conducts the conversation."""

from dataclasses import dataclass
from typing import Self

from speko_core.types import JsonObject

ACTION = "transfer_to_agent"
# Between two sentences of the caller; agents that send a caller round in a circle stop there.
MOST_IN_A_ROW = 3
# Agents that one conversation can come to, beside the one that answers.
MOST_LINKED = 50


@dataclass(frozen=True)
class Handover:
    """Who goes on. `note` tells that agent so; `context_messages` is how many of the caller's last messages it
    sees, with what was said since the first of them, None for all; `message` is said before it speaks.
    """

    agent_id: str
    agent_name: str
    note: str
    message: str = ""
    context_messages: int | None = None

    @classmethod
    def of(cls, action: JsonObject | None) -> Self | None:
        """The handover that a tool's action asks for, if it asks for one."""
        if action is None or action.get("type") != ACTION:
            return None
        limit = action.get("contextMessages")
        return cls(
            agent_id=str(action["agentId"]),
            agent_name=str(action.get("agentName") or ""),
            note=str(action.get("note") or ""),
            message=str(action.get("message") or ""),
            context_messages=limit if isinstance(limit, int) else None,
        )

    def action(self) -> JsonObject:
        """Its form on the wire, among the `actions` of an answer."""
        told: JsonObject = {"type": ACTION, "agentId": self.agent_id, "agentName": self.agent_name, "note": self.note}
        if self.message:
            told["message"] = self.message
        if self.context_messages is not None:
            told["contextMessages"] = self.context_messages
        return told
