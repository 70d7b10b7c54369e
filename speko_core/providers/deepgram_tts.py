"""Deepgram's speech: `POST /v1/speak`, raw PCM. A voice is a model to Deepgram; `aura-2` is ours for all of them.

Source: https://developers.deepgram.com/reference/text-to-speech-api and Deepgram's SDK 7.17, read 2026-11-20.
"""

from typing import Final

import httpx

from speko_core.providers.base import Credential, TtsRequest
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import vendor_request
from speko_core.providers.families.speaking import RATE, Framing, Raw, json_body
from speko_core.providers.families.speech import base_url, secret_of

LONGEST: Final = 2_000


class DeepgramSpeech:
    """The wire of Deepgram's speech."""

    def __init__(self, facts: VendorFacts) -> None:
        self._facts = facts

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """See `SpeechWire`. Without `container=none` Deepgram would put a WAV around the samples."""
        params = [
            ("model", self._voice(request)),
            ("encoding", "linear16"),
            ("sample_rate", str(RATE)),
            ("container", "none"),
            *([] if request.speed is None else [("speed", f"{request.speed:g}")]),
        ]
        return vendor_request(
            f"{base_url(credential, self._facts.base_url)}/v1/speak",
            {"authorization": f"Token {secret_of(credential)}", "content-type": "application/json"},
            json_body(text=request.text),
            params=params,
        )

    def framing(self) -> Framing:
        """See `SpeechWire`."""
        return Raw()

    def longest(self, model: str) -> int:
        """See `SpeechWire`."""
        return LONGEST

    def _voice(self, request: TtsRequest) -> str:
        """The caller's `model` may name a voice of Deepgram's outright."""
        catalogued = self._facts.model(request.model) is not None
        return request.voice if catalogued and request.voice else request.model
