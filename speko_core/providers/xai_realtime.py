"""Grok Voice: OpenAI's realtime wire with `voice` and `turn_detection` at the top of the session.

Audio is billed by the minute in both directions, and answers do not say how much of their tokens was audio.
Source: https://docs.x.ai/developers/models/speech-to-speech, read 2026-11-20, and livekit-agents 1.8.9.
"""

from typing import Final
from urllib.parse import quote

from speko_core.providers.base import Credential
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.conversing import SocketRealtime
from speko_core.providers.families.openai_realtime import RATE, OpenAiRealtime
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import base_url, secret_of
from speko_core.providers.families.totals import TotalsOnly
from speko_core.providers.realtime import RealtimeRequest
from speko_core.types import JsonObject

TRANSCRIBER: Final = "grok-transcribe"


class GrokConversation(TotalsOnly, OpenAiRealtime):
    """xAI's dialect. A recognizer's `.completed` may come several times with more text each time."""

    transcriber = TRANSCRIBER

    def _session(self) -> JsonObject:
        request = self._request
        sound: JsonObject = {"format": {"type": "audio/pcm", "rate": RATE}}
        recognizer: JsonObject = {"model": TRANSCRIBER, "language_hint": request.language.split("-")[0]}
        session: JsonObject = {
            "instructions": request.instructions,
            "turn_detection": {"type": "server_vad"},
            "audio": {"input": {**sound, "transcription": recognizer}, "output": {**sound}},
            **self._tools(),
        }
        return {**session, "voice": request.voice} if request.voice is not None else session

    def _cancel(self, answer: str) -> JsonObject:
        return {"type": "response.cancel"}


def xai_realtime(sockets: VendorSockets, facts: VendorFacts) -> SocketRealtime:
    """The adapter."""

    def begin(request: RealtimeRequest, credential: Credential | None) -> GrokConversation:
        url = f"{base_url(credential, facts.base_url)}/realtime?model={quote(request.model, safe='')}"
        return GrokConversation(url, {"authorization": f"Bearer {secret_of(credential)}"}, request)

    return SocketRealtime(sockets, begin)
