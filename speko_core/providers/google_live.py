"""Gemini Live: `BidiGenerateContent`, JSON objects in which several things may stand at once.

Nothing cancels an answer, so one that nobody wants is passed over until the model has ended it. What the user says is
told in fragments, beside the answer to it. Connections end every ten minutes; a handle resumes the conversation.
Source: https://ai.google.dev/api/live and google-genai 3.4, read 2026-11-20.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from speko_core.ids import new_id
from speko_core.providers.base import Credential, ToolCall
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.conversing import SocketRealtime, count_of, decoded, heard, part, text_of, told
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import base_url, secret_of
from speko_core.providers.realtime import (
    AnswerEnded,
    Clear,
    Commit,
    Consumed,
    Greet,
    Interrupt,
    Interrupted,
    Ready,
    RealtimeEvent,
    RealtimeInput,
    RealtimeRequest,
    Said,
    Sound,
    Speaker,
    ToolResult,
    ToolsCancelled,
)
from speko_core.types import JsonObject, JsonValue

PATH: Final = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


class GeminiLive:
    """The `Dialect` of Google."""

    input_rate, output_rate = 16_000, 24_000

    def __init__(self, url: str, headers: Mapping[str, str], request: RealtimeRequest) -> None:
        self.url, self.headers, self._request = url, headers, request
        self.owes = True
        # Calls whose results are still to come, and results that wait for those.
        self._names: dict[str, str] = {}
        self._results: list[JsonValue] = []
        self._handle, self._leaves = "", False
        self._ready = self._silenced = self._answers = False
        self._usage: JsonObject = {}
        self._begin_turn()

    def _begin_turn(self) -> None:
        turn = new_id("turn")
        self._texts: dict[Speaker, str] = {"user": "", "assistant": ""}
        self._items: dict[Speaker, str] = {"user": f"{turn}_user", "assistant": turn}

    # --- up -----------------------------------------------------------------------------------------------------------

    def opening(self) -> Sequence[str]:
        """The setup, which on a later connection names the conversation to go on with."""
        request = self._request
        speech: JsonObject = {"languageCode": request.language} if "-" in request.language else {}
        if request.voice is not None:
            speech["voiceConfig"] = {"prebuiltVoiceConfig": {"voiceName": request.voice}}
        config: JsonObject = {"responseModalities": ["AUDIO"], "speechConfig": speech}
        if request.temperature is not None:
            config["temperature"] = request.temperature
        setup: JsonObject = {
            "model": f"models/{request.model}",
            "generationConfig": config,
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
            "sessionResumption": {"handle": self._handle} if self._handle else {},
            "contextWindowCompression": {"slidingWindow": {}},
            **self._tools(),
        }
        if request.instructions:
            setup["systemInstruction"] = {"parts": [{"text": request.instructions}]}
        return (told({"setup": setup}),)

    def _tools(self) -> JsonObject:
        found: list[JsonValue] = [
            {
                "name": tool.name,
                "description": tool.description,
                "parametersJsonSchema": {"type": "object", **tool.parameters},
            }
            for tool in self._request.tools
        ]
        return {"tools": [{"functionDeclarations": found}]} if found else {}

    def tell(self, said: RealtimeInput) -> Sequence[str]:
        """See `Dialect`."""
        match said:
            case bytes():
                audio = base64.b64encode(said).decode()
                sound = f'{{"data":"{audio}","mimeType":"audio/pcm;rate={self.input_rate}"}}'
                return (f'{{"realtimeInput":{{"audio":{sound}}}}}',) if said else ()
            case Commit():
                return (told({"realtimeInput": {"audioStreamEnd": True}}),)
            case Interrupt():
                self._silenced = self._answers and not said.told
                return ()
            case Clear():
                return ()
            case Greet(instruction):
                self.owes = True
                turn: JsonObject = {"role": "user", "parts": [{"text": instruction}]}
                return (told({"clientContent": {"turns": [turn], "turnComplete": True}}),)
            case ToolResult(call_id, output):
                return self._result(call_id, output)

    def _result(self, call_id: str, output: str) -> Sequence[str]:
        """Results go up together: the model speaks on with the first message that brings any."""
        name = self._names.pop(call_id, None)
        if name is None:  # the call was cancelled
            return ()
        self._results.append({"id": call_id, "name": name, "response": {"result": output}})
        if self._names:
            return ()
        results, self._results, self.owes = self._results, [], True
        return (told({"toolResponse": {"functionResponses": results}}),)

    def replies(self) -> Sequence[str]:
        """None: nothing has to be asked for."""
        return ()

    def resumes(self, *, closed: bool) -> bool:
        """Between two answers once Google has said that it will leave; in any case when it has left after that."""
        if not (self._leaves and self._handle) or (self._answers and not closed):
            return False
        self._leaves = False
        return True

    # --- down ---------------------------------------------------------------------------------------------------------

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


def google_live(sockets: VendorSockets, facts: VendorFacts) -> SocketRealtime:
    """The adapter."""

    def begin(request: RealtimeRequest, credential: Credential | None) -> GeminiLive:
        headers = {"x-goog-api-key": secret_of(credential)}
        return GeminiLive(f"{base_url(credential, facts.base_url)}{PATH}", headers, request)

    return SocketRealtime(sockets, begin)
