"""ElevenLabs' speech: `POST /v1/text-to-speech/{voice}/stream`, raw PCM.

Source: ElevenLabs' SDK 2.78 and https://elevenlabs.io/docs/api-reference/text-to-speech/stream, read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Final

import httpx

from speko_core.providers.base import Credential, FailureKind, ProviderError, TtsRequest
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import vendor_request
from speko_core.providers.families.speaking import RATE, UNSTATED_LIMIT, Framing, Raw, json_body
from speko_core.providers.families.speech import base_url, primary_language, secret_of

# Source: https://elevenlabs.io/docs/models, read 2026-11-20.
_LONGEST: Final[Mapping[str, int]] = {
    "eleven_flash_v2_5": 40_000,
    "eleven_turbo_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_turbo_v2": 30_000,
    "eleven_multilingual_v2": 10_000,
    "eleven_v3": 5_000,
}
# Models that refuse a language: one speaks English only, the other finds it out.
_NO_LANGUAGE: Final = frozenset({"eleven_multilingual_v2", "eleven_flash_v2", "eleven_turbo_v2"})
_VOICE: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


class ElevenLabsSpeech:
    """The wire of ElevenLabs' speech."""

    def __init__(self, facts: VendorFacts) -> None:
        self._facts = facts

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """See `SpeechWire`.

        Raises:
            ProviderError: also `INVALID` for a voice that cannot be an id, because it becomes part of the path.
        """
        if not _VOICE.fullmatch(request.voice or ""):
            raise ProviderError(FailureKind.INVALID, "not a voice id")
        return vendor_request(
            f"{base_url(credential, self._facts.base_url)}/v1/text-to-speech/{request.voice}/stream",
            {"xi-api-key": secret_of(credential), "content-type": "application/json"},
            json_body(
                text=request.text,
                model_id=request.model,
                language_code=None if request.model in _NO_LANGUAGE else primary_language(request.language),
                voice_settings=None if request.speed is None else {"speed": request.speed},
            ),
            params=[("output_format", f"pcm_{RATE}")],
        )

    def framing(self) -> Framing:
        """See `SpeechWire`."""
        return Raw()

    def longest(self, model: str) -> int:
        """See `SpeechWire`."""
        return _LONGEST.get(model, UNSTATED_LIMIT)
