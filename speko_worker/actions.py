"""What tools do to the call they are used in."""

from speko_core.handover import ACTION as HANDOVER
from speko_core.types import JsonObject
from speko_worker.background.mixer import Background
from speko_worker.callstate import CallState
from speko_worker.handover import CallHandover
from speko_worker.recorder import TurnRecorder
from speko_worker.tracing.trace import CallTrace


class ToolActions:
    """Passes on what the model's plugin says of tools (`plugins/llm.py: ActionSink`)."""

    def __init__(
        self,
        state: CallState,
        recorder: TurnRecorder,
        background: Background,
        trace: CallTrace,
    ) -> None:
        self._state, self._recorder = state, recorder
        self._background, self._trace = background, trace
        # Made after the session, whose plugins speak to us.
        self.handover: CallHandover | None = None

    def take(self, action: JsonObject) -> None:
        """A tool was called, or asks something of the call; transfers are carried out where the phone leg is."""
        kind = action.get("type")
        if kind == "end_call":
            self._state.asked_to_end()
        elif kind == HANDOVER and self.handover is not None:
            self.handover.ask(action)
        elif kind == "tool_called":
            self._started(str(action["id"]), str(action["name"]), str(action["args"]))
        elif kind == "tool_ended":
            self._background.tool_ended(str(action["id"]))
            self._trace.on_tool_ended(str(action["id"]), failed=bool(action["failed"]))

    def _started(self, call_id: str, name: str, args: str) -> None:
        self._recorder.on_tool_called(name, args)
        self._background.tool_started(call_id, name)
        self._trace.on_tool_started(call_id, name)
