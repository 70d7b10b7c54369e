"""Inworld's realtime service: OpenAI's wire over a language model of one's choice, with Inworld's own speech.

The model of a conversation is a route to a language model, such as `openai/gpt-4o-mini`; one of Inworld's voices speaks
for it. Billed are tokens, characters and minutes of recognition, each at the price of its part.
Source: https://docs.inworld.ai/api-reference/realtimeAPI/realtime-websocket, read 2026-11-20.
"""

from typing import Final

from speko_core.ids import new_id
from speko_core.providers.base import Credential
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.conversing import SocketRealtime
from speko_core.providers.families.openai_realtime import RATE, OpenAiRealtime
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import base_url, secret_of
from speko_core.providers.families.totals import TotalsOnly
from speko_core.providers.realtime import RealtimeRequest
from speko_core.types import JsonObject

SPEAKER: Final = "inworld-tts-2"


class InworldConversation(TotalsOnly, OpenAiRealtime):
    """Inworld's dialect."""

    def _session(self) -> JsonObject:
        request = self._request
        sound: JsonObject = {"type": "audio/pcm", "rate": RATE}
        turns: JsonObject = {"type": "semantic_vad", "create_response": True, "interrupt_response": True}
        speaks: JsonObject = {"format": sound, "model": SPEAKER, "voice": request.voice}
        session: JsonObject = {
            "type": "realtime",
            "model": request.model,
            "instructions": request.instructions,
            "output_modalities": ["audio"],
            "audio": {"input": {"format": sound, "turn_detection": turns}, "output": speaks},
            **self._tools(),
        }
        return session if request.temperature is None else {**session, "temperature": request.temperature}


def inworld_realtime(sockets: VendorSockets, facts: VendorFacts) -> SocketRealtime:
    """The adapter. The key of Inworld's portal is base64 already; `key` in the address names the conversation."""

    def begin(request: RealtimeRequest, credential: Credential | None) -> InworldConversation:
        path = f"/api/v1/realtime/session?key={new_id('rt')}&protocol=realtime"
        url = f"{base_url(credential, facts.base_url)}{path}"
        return InworldConversation(url, {"authorization": f"Basic {secret_of(credential)}"}, request)

    return SocketRealtime(sockets, begin)
