"""What makes two tool calls the same call.

Within a session a turn may be asked for twice: the worker speculates, a connection breaks, a failover starts over, or a
turn goes on after an inline tool was answered. The model then makes the same calls again, under other ids. So a call is
known by its place: the conversation up to the caller's last sentence, the tool, the arguments, and how many equal calls
came before it in the request. Outside sessions every request is its own place.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from speko_core.oneshot.schemas import ChatMessage
from speko_core.types import JsonObject


def place_of(session_id: str, messages: Sequence[ChatMessage]) -> str:
    """The place of a turn: the session, and everything up to the last thing the caller said."""
    last = max((index for index, message in enumerate(messages) if message.role == "user"), default=-1)
    spoken = (message for message in messages[: last + 1] if message.role in ("user", "assistant"))
    return _digest([session_id, [[message.role, message.content] for message in spoken]])


@dataclass
class Keys:
    """The keys of one request's calls."""

    place: str
    _seen: dict[str, int] = field(default_factory=dict)

    def key(self, organization_id: str, name: str, arguments: JsonObject) -> str:
        """The key of the next call of this tool with these arguments: 64 hexadecimal digits."""
        same = _digest([organization_id, self.place, name, arguments])
        self._seen[same] = self._seen.get(same, 0) + 1
        return _digest([same, self._seen[same]])


def message_id(key: str) -> str:
    """The `webhook-id` of a call: the same for a repetition, so that the endpoint can skip it."""
    return f"msg_{key[:32]}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
