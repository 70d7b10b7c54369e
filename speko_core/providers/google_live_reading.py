"""What Gemini Live says, as events. What the user says is told in fragments, beside the answer to it."""

from collections.abc import Mapping, Sequence

import orjson

from speko_core.ids import new_id
from speko_core.providers.base import ToolCall
from speko_core.providers.families.messages import count_of, decoded, heard, part, text_of
from speko_core.providers.realtime import (
    AnswerEnded,
    Consumed,
    Interrupted,
    Ready,
    RealtimeEvent,
    Said,
    Sound,
    Speaker,
    ToolsCancelled,
)
from speko_core.types import JsonObject


class GeminiReading:
    """The reading half of the dialect. `owes` as `Dialect` has it."""

    def __init__(self) -> None:
        self.owes = True
        # Calls whose results are still to come.
        self._names: dict[str, str] = {}
        self._handle, self._leaves = "", False
        self._ready = self._silenced = self._answers = False
        self._usage: JsonObject = {}
        self._begin_turn()

    def _begin_turn(self) -> None:
        turn = new_id("turn")
        self._texts: dict[Speaker, str] = {"user": "", "assistant": ""}
        self._items: dict[Speaker, str] = {"user": f"{turn}_user", "assistant": turn}

    def read(self, message: str | bytes) -> Sequence[RealtimeEvent]:
        """See `Dialect`."""
        frame = heard(message)
        events: list[RealtimeEvent] = []
        if "setupComplete" in frame:
            events += self._set_up()
        if update := part(frame, "sessionResumptionUpdate"):
            self._handle = text_of(update, "newHandle") if update.get("resumable") else ""
        self._leaves = self._leaves or "goAway" in frame
        if usage := part(frame, "usageMetadata"):
            self._usage = usage
        events += self._calls(frame)
        return [*events, *self._content(part(frame, "serverContent"))]

    def _set_up(self) -> Sequence[RealtimeEvent]:
        first, self._ready, self.owes = not self._ready, True, False
        return (Ready(),) if first else ()

    def _calls(self, frame: JsonObject) -> Sequence[RealtimeEvent]:
        calls, cancelled = part(frame, "toolCall").get("functionCalls"), part(frame, "toolCallCancellation").get("ids")
        events: list[RealtimeEvent] = []
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                call_id, name = text_of(call, "id"), text_of(call, "name")
                self._names[call_id], self.owes = name, False
                events.append(ToolCall(call_id, name, orjson.dumps(call.get("args") or {}).decode()))
        if isinstance(cancelled, list):
            for call_id in map(str, cancelled):
                self._names.pop(call_id, None)
            events.append(ToolsCancelled(tuple(map(str, cancelled))))
        return events

    def _content(self, content: JsonObject) -> Sequence[RealtimeEvent]:
        events: list[RealtimeEvent] = [
            *self._said("user", part(content, "inputTranscription")),
            *self._sounds(part(content, "modelTurn")),
            *self._said("assistant", part(content, "outputTranscription")),
        ]
        if content.get("interrupted"):
            events += [Interrupted(), *self._ended(cut=True)]
        elif content.get("generationComplete") or content.get("turnComplete"):
            events += self._ended(cut=False)
        return events

    def _said(self, speaker: Speaker, transcription: JsonObject) -> Sequence[RealtimeEvent]:
        fragment = text_of(transcription, "text")
        if not fragment or (speaker == "assistant" and self._silenced):
            return ()
        self._texts[speaker] += fragment
        return (Said(speaker, self._texts[speaker].strip(), False, self._items[speaker]),)

    def _sounds(self, turn: JsonObject) -> Sequence[RealtimeEvent]:
        parts = turn.get("parts")
        found = parts if isinstance(parts, list) else []
        audio = [text_of(part(one, "inlineData"), "data") for one in found if isinstance(one, dict)]
        self._answers = self._answers or bool(found)
        self.owes = self.owes or bool(found)
        return [] if self._silenced else [Sound(decoded(data)) for data in audio if data]

    def _ended(self, *, cut: bool) -> Sequence[RealtimeEvent]:
        """The turn is over: twice told, once by the end of the audio and once by that of its playing."""
        if not self._answers and not any(self._texts.values()):
            return self._consumed()
        events: list[RealtimeEvent] = [
            Said(speaker, text.strip(), True, self._items[speaker])
            for speaker, text in self._texts.items()
            if text.strip()
        ]
        over = (AnswerEnded(cut or self._silenced),) if self._answers else ()
        self._answers = self._silenced = self.owes = False
        self._begin_turn()
        return [*events, *self._consumed(), *over]

    def _consumed(self) -> Sequence[RealtimeEvent]:
        """The newest count of the turn, which replaces those before it."""
        usage, self._usage = self._usage, {}
        if not usage:
            return ()
        into, out = _by_modality(usage, "promptTokensDetails"), _by_modality(usage, "responseTokensDetails")
        return (
            Consumed(
                text_in=into["TEXT"],
                audio_in=into["AUDIO"],
                text_out=out["TEXT"] + count_of(usage, "thoughtsTokenCount"),
                audio_out=out["AUDIO"],
            ),
        )


def _by_modality(usage: JsonObject, name: str) -> Mapping[str, int]:
    """Tokens as text or as audio; images and the like are billed as text."""
    found = {"TEXT": 0, "AUDIO": 0}
    details = usage.get(name)
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            kind = "AUDIO" if detail.get("modality") == "AUDIO" else "TEXT"
            found[kind] += count_of(detail, "tokenCount")
    return found
