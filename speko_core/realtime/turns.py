"""A conversation's turns, put together from what is heard and said as it happens. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from speko_core.providers.base import ToolCall
from speko_core.providers.realtime import Said
from speko_core.schemas import wire_time
from speko_core.sessions.turn_schemas import MAX_TURN_CHARACTERS
from speko_core.types import JsonObject


@dataclass
class _Turn:
    """A turn's place in the transcript, taken when it begins: the words of a user come late."""

    index: int
    started_at: datetime
    ended_at: datetime | None = None
    texts: dict[str, str] = field(default_factory=dict)
    total_ms: float | None = None

    @property
    def text(self) -> str:
        """What was said in it."""
        return " ".join(filter(None, self.texts.values()))[:MAX_TURN_CHARACTERS]


class TurnLog:
    """Answers with turns to store, as `POST /v1/sessions/{id}/turns` takes them; the same index replaces."""

    def __init__(self) -> None:
        self._next = 0
        self._user: _Turn | None = None
        self._agent: _Turn | None = None
        self._users: dict[str, _Turn] = {}
        self._calls: list[ToolCall] = []
        self._asked_at: datetime | None = None

    def user_speaks(self, speaks: bool, now: datetime) -> None:
        """The user begins to speak, or pauses."""
        if speaks and self._user is None:
            self._user = self._begin(now)
        if not speaks:
            self._asked_at = now
            if self._user is not None:
                self._user.ended_at = now

    def user_said(self, said: Said, now: datetime) -> JsonObject | None:
        """Words of the user; a turn when they are final."""
        turn = self._users.get(said.item)
        if turn is None:
            turn = self._users[said.item] = self._user or self._begin(now)
            self._user = None
        turn.texts[said.item] = said.text
        if not said.is_final or not turn.text:
            return None
        return _stored(turn, "user", turn.ended_at or now)

    def agent_speaks(self, now: datetime) -> None:
        """The answer can be heard."""
        if self._agent is None:
            self._agent = self._begin(now)
            if self._asked_at is not None:
                self._agent.total_ms = max(0.0, (now - self._asked_at).total_seconds() * 1000)
                self._asked_at = None

    def agent_said(self, said: Said, now: datetime) -> None:
        """Words of the answer so far."""
        self.agent_speaks(now)
        assert self._agent is not None
        self._agent.texts[said.item] = said.text

    def called(self, call: ToolCall) -> None:
        """The model calls a tool."""
        self._calls.append(call)

    def answer_ended(self, cut: bool, now: datetime, provider: str, model: str) -> JsonObject | None:
        """The answer is over; a turn when anything was said."""
        turn, self._agent = self._agent, None
        if turn is None or not turn.text:
            return None
        calls, self._calls = self._calls, []
        stored = _stored(turn, "agent", now)
        stored |= {"provider": provider, "model": model, "interrupted": cut}
        stored["toolCalls"] = [{"name": call.name[:64], "args": call.args} for call in calls[:100] if call.name]
        if turn.total_ms is not None:
            stored["latency"] = {"totalMs": turn.total_ms}
        return stored

    def _begin(self, now: datetime) -> _Turn:
        turn = _Turn(self._next, now)
        self._next += 1
        return turn


def _stored(turn: _Turn, source: str, ended_at: datetime) -> JsonObject:
    return {
        "index": turn.index,
        "source": source,
        "text": turn.text,
        "startedAt": wire_time(turn.started_at),
        "endedAt": wire_time(ended_at),
    }
