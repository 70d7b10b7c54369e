"""OpenAI Realtime. The user's words are written down by a recognizer beside the model, at the recognizer's price."""

from typing import Final
from urllib.parse import quote

from speko_core.providers.base import Credential
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.conversing import SocketRealtime
from speko_core.providers.families.openai_realtime import OpenAiRealtime
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speech import base_url, secret_of
from speko_core.providers.realtime import RealtimeRequest

TRANSCRIBER: Final = "gpt-transcribe"


class OpenAiConversation(OpenAiRealtime):
    """OpenAI's own dialect."""

    transcriber = TRANSCRIBER
    bills_recognition = True


def openai_realtime(sockets: VendorSockets, facts: VendorFacts) -> SocketRealtime:
    """The adapter."""

    def begin(request: RealtimeRequest, credential: Credential | None) -> OpenAiConversation:
        url = f"{base_url(credential, facts.base_url)}/realtime?model={quote(request.model, safe='')}"
        return OpenAiConversation(url, {"authorization": f"Bearer {secret_of(credential)}"}, request)

    return SocketRealtime(sockets, begin)
