"""xAI's speech: `POST /v1/tts`, raw PCM. There is one model, so the wire has no field for it.

Source: https://docs.x.ai/developers/model-capabilities/audio/text-to-speech, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

import httpx

from speko_core.providers.base import Credential, TtsRequest
from speko_core.providers.catalog import VendorFacts
from speko_core.providers.families.http import vendor_request
from speko_core.providers.families.speaking import RATE, Framing, Raw, json_body
from speko_core.providers.families.speech import base_url, primary_language, regional_language, secret_of
from speko_core.types import JsonValue

LONGEST: Final = 15_000
_FORMAT: Final[JsonValue] = {"codec": "pcm", "sample_rate": RATE}
_PRIMARY: Final = frozenset({"en", "bn", "zh", "fr", "de", "hi", "id", "it", "ja", "ko", "ru", "tr", "vi"})
# Languages that xAI knows by country only; the first of a language also speaks for its other countries.
_REGIONAL: Final[Mapping[str, str]] = {
    tag: tag for tag in ("ar-EG", "ar-SA", "ar-AE", "pt-BR", "pt-PT", "es-MX", "es-ES")
} | {"ar": "ar-EG", "pt": "pt-BR", "es": "es-MX"}


class XaiSpeech:
    """The wire of xAI's speech."""

    def __init__(self, facts: VendorFacts) -> None:
        self._facts = facts

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """See `SpeechWire`."""
        return vendor_request(
            f"{base_url(credential, self._facts.base_url)}/tts",
            {"authorization": f"Bearer {secret_of(credential)}", "content-type": "application/json"},
            json_body(
                text=request.text,
                voice_id=request.voice,
                language=_language(request.language),
                output_format=_FORMAT,
                speed=request.speed,
            ),
        )

    def framing(self) -> Framing:
        """See `SpeechWire`."""
        return Raw()

    def longest(self, model: str) -> int:
        """See `SpeechWire`."""
        return LONGEST


def _language(tag: str) -> str:
    """xAI's name of a language; "auto" for one it does not list."""
    found = regional_language(tag, _REGIONAL) or "auto"
    if found in _PRIMARY or found in _REGIONAL.values():
        return found
    return _REGIONAL.get(primary_language(tag) or "", "auto")
