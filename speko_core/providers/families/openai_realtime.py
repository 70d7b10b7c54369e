"""OpenAI's realtime wire in its generally available shape, which other vendors speak with small differences.

Wire: the event types of OpenAI's SDK 3.52 (`openai.types.realtime`), read 2026-11-20. The event names of the earlier
beta are taken as aliases. The header that selects the beta is never sent.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from speko_core.providers.families.messages import told
from speko_core.providers.families.openai_realtime_reading import OpenAiReading
from speko_core.providers.realtime import (
    Clear,
    Commit,
    Greet,
    Interrupt,
    RealtimeInput,
    RealtimeRequest,
    ToolResult,
)
from speko_core.types import JsonObject, JsonValue

RATE: Final = 24_000


class OpenAiRealtime(OpenAiReading):
    """The `Dialect` of OpenAI; subclasses say what is different."""

    input_rate = output_rate = RATE

    def __init__(self, url: str, headers: Mapping[str, str], request: RealtimeRequest) -> None:
        super().__init__()
        self.url, self.headers, self._request = url, headers, request

    def opening(self) -> Sequence[str]:
        """The session as it is wanted."""
        return (told({"type": "session.update", "session": self._session()}),)

    def _session(self) -> JsonObject:
        request = self._request
        sound: JsonObject = {"type": "audio/pcm", "rate": self.input_rate}
        hears: JsonObject = {"format": sound, "turn_detection": self._turns()}
        if self.transcriber is not None:
            hears["transcription"] = {"model": self.transcriber, "language": request.language.split("-")[0]}
        speaks: JsonObject = {"format": {"type": "audio/pcm", "rate": self.output_rate}}
        if request.voice is not None:
            speaks["voice"] = request.voice
        return {
            "type": "realtime",
            "model": request.model,
            "instructions": request.instructions,
            "output_modalities": ["audio"],
            "audio": {"input": hears, "output": speaks},
            **self._tools(),
        }

    def _turns(self) -> JsonValue:
        return {"type": "server_vad", "create_response": True, "interrupt_response": True}

    def _tools(self) -> JsonObject:
        tools: list[JsonValue] = [
            {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in self._request.tools
        ]
        return {"tools": tools, "tool_choice": "auto"} if tools else {}

    def tell(self, said: RealtimeInput) -> Sequence[str]:
        """See `Dialect`."""
        match said:
            case bytes():
                audio = base64.b64encode(said).decode()
                return (f'{{"type":"input_audio_buffer.append","audio":"{audio}"}}',) if said else ()
            case Commit():
                # The answer is asked for once the vendor has taken something over: an empty turn wants none.
                self._commits = True
                return (told({"type": "input_audio_buffer.commit"}),)
            case Clear():
                return (told({"type": "input_audio_buffer.clear"}),)
            case Greet(instruction):
                self.owes = True
                return (told({"type": "response.create", "response": {"instructions": instruction}}),)
            case Interrupt():
                return tuple(map(told, self._cut(said)))
            case ToolResult(call_id, output):
                return tuple(map(told, self._result(call_id, output)))

    def _cut(self, said: Interrupt) -> list[JsonObject]:
        messages: list[JsonObject] = []
        if self._answer and not said.told:
            messages.append(self._cancel(self._answer))
        if self._answer:
            self._silenced = self._answer
        if self._item:
            messages.append(
                {
                    "type": "conversation.item.truncate",
                    "item_id": self._item,
                    "content_index": 0,
                    "audio_end_ms": said.heard_ms,
                }
            )
            self._item = ""
        return messages

    def _cancel(self, answer: str) -> JsonObject:
        return {"type": "response.cancel", "response_id": answer}

    def _result(self, call_id: str, output: str) -> list[JsonObject]:
        item: JsonObject = {"type": "function_call_output", "call_id": call_id, "output": output}
        messages: list[JsonObject] = [{"type": "conversation.item.create", "item": item}]
        if self._calls.answered(call_id):
            self.owes = True
            messages.append({"type": "response.create"})
        return messages

    def replies(self) -> Sequence[str]:
        """See `Dialect`."""
        replies, self._replies = self._replies, []
        return replies

    def resumes(self, *, closed: bool) -> bool:
        """Never: a connection is a conversation."""
        return False
