"""Gemini Live: `BidiGenerateContent`, JSON objects in which several things may stand at once.

Nothing cancels an answer, so one that nobody wants is passed over until the model has ended it. What the user says is
told in fragments, beside the answer to it. Connections end every ten minutes; a handle resumes the conversation.
Source: https://ai.google.dev/api/live and google-genai 3.4, read 2026-11-20.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from speko_core.providers.base import Credential
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.conversing import SocketRealtime
from speko_core.providers.families.messages import told
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import base_url, secret_of
from speko_core.providers.google_live_reading import GeminiReading
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

PATH: Final = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


class GeminiLive(GeminiReading):
    """The `Dialect` of Google."""

    input_rate, output_rate = 16_000, 24_000

    def __init__(self, url: str, headers: Mapping[str, str], request: RealtimeRequest) -> None:
        super().__init__()
        self.url, self.headers, self._request = url, headers, request
        # Results that wait for those of the same answer's other calls.
        self._results: list[JsonValue] = []

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


def google_live(sockets: VendorSockets, facts: VendorFacts) -> SocketRealtime:
    """The adapter."""

    def begin(request: RealtimeRequest, credential: Credential | None) -> GeminiLive:
        headers = {"x-goog-api-key": secret_of(credential)}
        return GeminiLive(f"{base_url(credential, facts.base_url)}{PATH}", headers, request)

    return SocketRealtime(sockets, begin)
