"""What a vendor that speaks OpenAI's realtime wire says, as events."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from speko_core.providers.base import FailureKind, ProviderError, ToolCall
from speko_core.providers.families.failures import error_words, failure_kind
from speko_core.providers.families.messages import count_of, decoded, heard, part, text_of, told
from speko_core.providers.families.realtime_calls import PendingCalls
from speko_core.providers.realtime import (
    AnswerEnded,
    Consumed,
    Ready,
    RealtimeEvent,
    Recognized,
    Said,
    Sound,
    Speaker,
    UserSpeaks,
)
from speko_core.types import JsonObject

_LOG = logging.getLogger("speko.vendor_realtime")
# Failures of one request after which the conversation cannot go on; every other error leaves it as it is.
_FATAL: Final = frozenset({FailureKind.AUTH, FailureKind.QUOTA, FailureKind.RATE})
_ENDS: Final = frozenset({"session_expired", "session_not_found"})


class OpenAiReading:
    """The reading half of the dialect. `owes` as `Dialect` has it."""

    transcriber: str | None = None
    # Whether the recognizer has a price of its own.
    bills_recognition = False

    def __init__(self) -> None:
        self.owes = True
        self._calls = PendingCalls()
        self._replies: list[str] = []
        self._answer, self._silenced, self._item = "", "", ""
        self._texts: dict[str, str] = {}
        self._ready = self._commits = False
        self._speech_ms: dict[str, int] = {}

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


_Reader = Callable[[OpenAiReading, JsonObject], Sequence[RealtimeEvent]]
_READERS: Final[Mapping[str, _Reader]] = {
    "session.updated": OpenAiReading._on_updated,
    "input_audio_buffer.speech_started": OpenAiReading._on_speech,
    "input_audio_buffer.speech_stopped": OpenAiReading._on_speech,
    "input_audio_buffer.committed": OpenAiReading._on_committed,
    "response.created": OpenAiReading._on_answer,
    **dict.fromkeys(("response.output_audio.delta", "response.audio.delta"), OpenAiReading._on_audio),
    **{
        f"response.{name}.{end}": OpenAiReading._on_words
        for name in ("output_audio_transcript", "audio_transcript", "output_text", "text")
        for end in ("delta", "done")
    },
    **{
        f"conversation.item.input_audio_transcription.{end}": OpenAiReading._on_user_words
        for end in ("delta", "updated", "completed")
    },
    "response.function_call_arguments.done": OpenAiReading._on_call,
    "response.output_item.done": OpenAiReading._on_call,
    "response.done": OpenAiReading._on_done,
    "error": OpenAiReading._on_error,
}
