"""What the framework reports during a call, passed on: to the caller, to the turn record, to the call's state."""

import logging
from collections.abc import Callable

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    CloseReason,
    ConversationItemAddedEvent,
    ErrorEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
)

from speko_core.types import JsonObject
from speko_worker import frames
from speko_worker.callstate import CallState
from speko_worker.errors import MESSAGES, ErrorBudget
from speko_worker.plugins.legs import LegName
from speko_worker.recorder import TurnRecorder
from speko_worker.rules import AgentState

logger = logging.getLogger("speko.worker.session")

_SHOWN: dict[str, AgentState] = {"listening": "listening", "thinking": "thinking", "speaking": "speaking"}
_LEGS: dict[str, LegName] = {"stt_error": "stt", "llm_error": "llm", "tts_error": "tts"}


class CallListener:
    """Attached to one session for its whole life, the closing included: last turns are committed there."""

    def __init__(
        self,
        state: CallState,
        recorder: TurnRecorder,
        send: Callable[[JsonObject], None],
        fail: Callable[[str], None],
    ) -> None:
        self._state = state
        self._recorder = recorder
        self._send = send
        self._fail = fail
        self._errors = ErrorBudget()
        self._segment = 0

    def attach(self, session: AgentSession[None]) -> None:
        """Subscribe to everything a call needs."""
        session.on("agent_state_changed", self._on_agent_state)
        session.on("user_state_changed", self._on_user_state)
        session.on("user_input_transcribed", self._on_words)
        session.on("conversation_item_added", self._on_item)
        session.on("error", self._on_error)
        session.on("close", self._on_close)

    def _on_agent_state(self, event: AgentStateChangedEvent) -> None:
        state = _SHOWN.get(event.new_state)
        if state is None:
            return
        if state == "speaking":
            self._errors.worked("llm", "tts")
        self._state.agent_is(state)
        self._send(frames.state(state))

    def _on_user_state(self, event: UserStateChangedEvent) -> None:
        self._state.user_is(speaking=event.new_state == "speaking")
        if event.old_state == "speaking":
            self._recorder.on_silence()

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        if not event.transcript:
            return
        self._errors.worked("stt")
        self._state.heard()
        self._send(frames.transcript("user", f"user-{self._segment}", event.transcript, is_final=event.is_final))
        self._segment += event.is_final

    def _on_item(self, event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage):
            self._recorder.on_item(event.item)

    def _on_error(self, event: ErrorEvent) -> None:
        leg = _LEGS.get(getattr(event.error, "type", ""))
        if leg is None or getattr(event.error, "recoverable", True):
            return
        code, message = MESSAGES[leg]
        logger.warning("leg failed", extra={"leg": leg})
        self._send(frames.error(code, message))
        if self._errors.failed(leg):
            self._fail(code)

    def _on_close(self, event: CloseEvent) -> None:
        if event.reason is CloseReason.ERROR:
            self._fail("AGENT_FAILED")
