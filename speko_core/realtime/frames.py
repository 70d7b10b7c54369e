"""The frames of a realtime socket (docs/realtime.md): JSON told apart by `t`; binary frames are audio. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

import orjson

from speko_core.providers.base import ToolCall
from speko_core.providers.realtime import Clear, Commit, Consumed, Said, ToolResult
from speko_core.types import JsonObject

ToolStatus = Literal["started", "completed", "failed"]
# 20 ms of audio are about 1 KB.
MAX_FRAME_BYTES: Final = 256 * 1024
MAX_OUTPUT_CHARS: Final = 100_000


class Stop:
    """The caller wants the answer to stop."""


CallerFrame = Commit | Clear | Stop | ToolResult
_CONTROLS: Final[Mapping[str, Commit | Clear]] = {"commit": Commit(), "end_turn": Commit(), "clear": Clear()}


def read_frame(text: str) -> CallerFrame | None:
    """What a caller says in JSON; None for what is unknown or malformed, which is passed over."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(frame, dict):
        return None
    match frame.get("t"):
        case "control":
            action = frame.get("action")
            return _CONTROLS.get(action) if isinstance(action, str) else None
        case "interrupt":
            return Stop()
        case "tool_result":
            return _tool_result(frame)
        case _:
            return None


def _tool_result(frame: JsonObject) -> ToolResult | None:
    call_id, output = frame.get("callId"), frame.get("output")
    if not isinstance(call_id, str):
        return None
    text = output if isinstance(output, str) else orjson.dumps(output).decode()
    return ToolResult(call_id, text[:MAX_OUTPUT_CHARS])


def ready(input_rate: int, output_rate: int) -> JsonObject:
    """The conversation can begin; the rates are those of the session."""
    return {"t": "ready", "inputSampleRate": input_rate, "outputSampleRate": output_rate}


def transcript(said: Said) -> JsonObject:
    """What somebody has said so far, or has said."""
    return {"t": "transcript", "role": said.speaker, "text": said.text, "final": said.is_final}


def tool_call(call: ToolCall) -> JsonObject:
    """A call for the caller to make."""
    return {"t": "tool_call", "callId": call.id, "name": call.name, "arguments": call.args}


def server_tool_call(call: ToolCall, status: ToolStatus) -> JsonObject:
    """A call that is made here."""
    return {"t": "server_tool_call", "id": call.id, "name": call.name, "status": status}


def usage(consumed: Consumed) -> JsonObject:
    """Tokens of audio of one answer; cached ones are among them."""
    return {
        "t": "usage",
        "inputAudioTokens": consumed.audio_in + consumed.cached_audio_in,
        "outputAudioTokens": consumed.audio_out,
    }


def interruption() -> JsonObject:
    """The user speaks over the answer: what of it was not played yet should not be."""
    return {"t": "interruption", "at": "user"}


def error(code: str, message: str) -> JsonObject:
    """Why the conversation ends."""
    return {"t": "error", "code": code, "message": message}


def end(reason: str) -> JsonObject:
    """The last frame before the socket is closed."""
    return {"t": "end", "reason": reason}
