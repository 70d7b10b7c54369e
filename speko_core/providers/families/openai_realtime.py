"""OpenAI's realtime wire in its generally available shape, which other vendors speak with small differences.

Wire: the event types of OpenAI's SDK 3.52 (`openai.types.realtime`), read 2026-11-20. The event names of the earlier
beta are taken as aliases. The header that selects the beta is never sent.
"""

import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from speko_core.providers.base import FailureKind, ProviderError, ToolCall
from speko_core.providers.families.conversing import count_of, decoded, heard, part, text_of, told
from speko_core.providers.families.failures import error_words, failure_kind
from speko_core.providers.families.realtime_calls import PendingCalls
from speko_core.providers.realtime import (
    AnswerEnded,
    Clear,
    Commit,
    Consumed,
    Greet,
    Interrupt,
    Ready,
    RealtimeEvent,
    RealtimeInput,
    RealtimeRequest,
    Recognized,
    Said,
    Sound,
    Speaker,
    ToolResult,
    UserSpeaks,
)
from speko_core.types import JsonObject, JsonValue

RATE: Final = 24_000
_LOG = logging.getLogger("speko.vendor_realtime")
# Failures of one request after which the conversation cannot go on; every other error leaves it as it is.
_FATAL: Final = frozenset({FailureKind.AUTH, FailureKind.QUOTA, FailureKind.RATE})
_ENDS: Final = frozenset({"session_expired", "session_not_found"})


class OpenAiRealtime:
    """The `Dialect` of OpenAI; subclasses say what is different."""

    input_rate = output_rate = RATE
    transcriber: str | None = None
    # Whether the recognizer has a price of its own.
    bills_recognition = False

    def __init__(self, url: str, headers: Mapping[str, str], request: RealtimeRequest) -> None:
        self.url, self.headers, self._request = url, headers, request
        self.owes = True
        self._calls = PendingCalls()
        self._replies: list[str] = []
        self._answer, self._silenced, self._item = "", "", ""
        self._texts: dict[str, str] = {}
        self._ready = self._commits = False
        self._speech_ms: dict[str, int] = {}

    # --- up -----------------------------------------------------------------------------------------------------------

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

    # --- down ---------------------------------------------------------------------------------------------------------

    def read(self, message: str | bytes) -> Sequence[RealtimeEvent]:
        """See `Dialect`."""
        event = heard(message)
        reader = _READERS.get(text_of(event, "type"))
        return reader(self, event) if reader is not None else ()

    def _on_updated(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        if self._ready:
            return ()
        self._ready, self.owes = True, False
        return (Ready(),)

    def _on_speech(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        item, begins = text_of(event, "item_id"), event["type"] == "input_audio_buffer.speech_started"
        if begins:
            self._speech_ms[item] = -count_of(event, "audio_start_ms")
        elif item in self._speech_ms:
            self._speech_ms[item] += count_of(event, "audio_end_ms")
            self.owes = True
        return (UserSpeaks(begins),)

    def _on_committed(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        if self._commits and not self._answer:
            self.owes = True
            self._replies.append(told({"type": "response.create"}))
        self._commits = False
        return ()

    def _on_answer(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        self._answer, self.owes = text_of(part(event, "response"), "id"), True
        self._calls.begin()
        return ()

    def _on_audio(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        self.owes = True
        if self._is_silenced(event):
            return ()
        self._item = text_of(event, "item_id")
        return (Sound(decoded(text_of(event, "delta"))),)

    def _is_silenced(self, event: JsonObject) -> bool:
        return bool(self._silenced) and text_of(event, "response_id") == self._silenced

    def _on_words(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        return () if self._is_silenced(event) else self._words(event, "assistant")

    def _on_user_words(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        return self._words(event, "user")

    def _words(self, event: JsonObject, speaker: Speaker) -> Sequence[RealtimeEvent]:
        """A delta, which adds to what is known, or a text that replaces it."""
        item, whole = text_of(event, "item_id"), text_of(event, "transcript") or text_of(event, "text")
        if "delta" in event:
            whole = self._texts[item] = self._texts.get(item, "") + text_of(event, "delta")
        is_final = str(event["type"]).endswith((".done", ".completed"))
        if is_final:
            self._texts.pop(item, None)
        said = (Said(speaker, whole, is_final, item),) if whole.strip() else ()
        return (*said, *self._recognized(item)) if is_final and speaker == "user" else said

    def _recognized(self, item: str) -> Sequence[RealtimeEvent]:
        spoken_ms = self._speech_ms.pop(item, 0)
        billed = self.transcriber if self.bills_recognition else None
        return (Recognized(billed, spoken_ms),) if billed and spoken_ms > 0 else ()

    def _on_call(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        found = part(event, "item") or event
        call_id, name = text_of(found, "call_id"), text_of(found, "name")
        if event["type"] == "response.output_item.done" and text_of(found, "type") != "function_call":
            return ()
        if not name or not self._calls.asked(call_id):
            return ()
        return (ToolCall(call_id, name, text_of(found, "arguments") or "{}"),)

    def _on_done(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        response = part(event, "response")
        status, self._answer, self.owes = text_of(response, "status"), "", False
        if status == "failed":
            words = error_words(part(response, "status_details")).words
            raise ProviderError(failure_kind(500, words), " ".join(("the answer failed", *words)))
        if self._calls.ended():
            self.owes = True
            self._replies.append(told({"type": "response.create"}))
        return (self._consumed(part(response, "usage") or part(event, "usage")), AnswerEnded(status == "cancelled"))

    def _consumed(self, usage: JsonObject) -> Consumed:
        into, out = part(usage, "input_token_details"), part(usage, "output_token_details")
        cached = part(into, "cached_tokens_details")
        cached_text, cached_audio = count_of(cached, "text_tokens"), count_of(cached, "audio_tokens")
        return Consumed(
            text_in=max(0, count_of(into, "text_tokens") - cached_text),
            audio_in=max(0, count_of(into, "audio_tokens") - cached_audio),
            cached_text_in=cached_text,
            cached_audio_in=cached_audio,
            text_out=count_of(out, "text_tokens"),
            audio_out=count_of(out, "audio_tokens"),
        )

    def _on_error(self, event: JsonObject) -> Sequence[RealtimeEvent]:
        """Most errors are about one request of ours and change nothing; before `Ready` they are the answer to it."""
        words = error_words(part(event, "error")).words
        kind = failure_kind(500, words)
        if not self._ready or kind in _FATAL or _ENDS & set(words):
            raise ProviderError(kind, " ".join(("error", *words)))
        self.owes = False
        _LOG.warning("a realtime vendor reported an error", extra={"words": list(words)})
        return ()


_Reader = Callable[[OpenAiRealtime, JsonObject], Sequence[RealtimeEvent]]
_READERS: Final[Mapping[str, _Reader]] = {
    "session.updated": OpenAiRealtime._on_updated,
    "input_audio_buffer.speech_started": OpenAiRealtime._on_speech,
    "input_audio_buffer.speech_stopped": OpenAiRealtime._on_speech,
    "input_audio_buffer.committed": OpenAiRealtime._on_committed,
    "response.created": OpenAiRealtime._on_answer,
    **dict.fromkeys(("response.output_audio.delta", "response.audio.delta"), OpenAiRealtime._on_audio),
    **{
        f"response.{name}.{end}": OpenAiRealtime._on_words
        for name in ("output_audio_transcript", "audio_transcript", "output_text", "text")
        for end in ("delta", "done")
    },
    **{
        f"conversation.item.input_audio_transcription.{end}": OpenAiRealtime._on_user_words
        for end in ("delta", "updated", "completed")
    },
    "response.function_call_arguments.done": OpenAiRealtime._on_call,
    "response.output_item.done": OpenAiRealtime._on_call,
    "response.done": OpenAiRealtime._on_done,
    "error": OpenAiRealtime._on_error,
}
