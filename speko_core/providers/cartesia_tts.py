"""Cartesia's speech: `POST /tts/bytes`, raw PCM. Source: Cartesia's SDK 4.2, read 2026-11-20."""

from typing import Final

import httpx

from speko_core.providers.base import Credential, TtsRequest
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import vendor_request
from speko_core.providers.families.speaking import RATE, UNSTATED_LIMIT, Framing, Raw, json_body
from speko_core.providers.families.speech import base_url, primary_language, secret_of
from speko_core.types import JsonValue

# The version decides the shape of bodies; from 2026-03-01 on errors are JSON.
VERSION: Final = "2026-08-14"
_FORMAT: Final[JsonValue] = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": RATE}


class CartesiaSpeech:
    """The wire of Cartesia's speech."""

    def __init__(self, facts: VendorFacts) -> None:
        self._facts = facts

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """See `SpeechWire`."""
        language = primary_language(request.language)
        return vendor_request(
            f"{base_url(credential, self._facts.base_url)}/tts/bytes",
            {
                "authorization": f"Bearer {secret_of(credential)}",
                "cartesia-version": VERSION,
                "content-type": "application/json",
            },
            json_body(
                model_id=request.model,
                transcript=request.text,
                voice={"mode": "id", "id": request.voice},
                output_format=_FORMAT,
                language="no" if language == "nb" else language,
                generation_config=None if request.speed is None else {"speed": request.speed},
            ),
        )

    def framing(self) -> Framing:
        """See `SpeechWire`."""
        return Raw()

    def longest(self, model: str) -> int:
        """See `SpeechWire`; none is stated."""
        return UNSTATED_LIMIT
