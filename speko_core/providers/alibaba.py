"""Alibaba's Qwen speech on DashScope: one POST whose answer is an event stream with PCM in base64.

Source: https://www.alibabacloud.com/help/en/model-studio/qwen-tts and DashScope's SDK 2.0, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

import httpx
import orjson

from speko_core.providers.base import Credential, FailureKind, Provider, ProviderError, TtsRequest
from speko_core.providers.catalog import VendorFacts, load_catalog
from speko_core.providers.families.failures import error_words, failure_kind
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.speaking import Framing, HttpSpeech, base64_audio, json_body
from speko_core.providers.families.speech import base_url, primary_language, secret_of
from speko_core.providers.families.sse import SseEvent, SseParser
from speko_core.settings import Settings
from speko_core.types import JsonObject, JsonValue

VENDOR = "alibaba"
LONGEST: Final = 600
PATH: Final = "/api/v1/services/aigc/multimodal-generation/generation"
_LANGUAGES: Final[Mapping[str, str]] = {
    "zh": "Chinese",
    "en": "English",
    "de": "German",
    "it": "Italian",
    "pt": "Portuguese",
    "es": "Spanish",
    "ja": "Japanese",
    "ko": "Korean",
    "fr": "French",
    "ru": "Russian",
}


def build_alibaba(settings: Settings, http: VendorHttp) -> Provider:
    """Speech."""
    return Provider(VENDOR, tts=HttpSpeech(http, QwenSpeech(load_catalog()[VENDOR])), closers=(http,))


class QwenSpeech:
    """The wire of Qwen's speech."""

    def __init__(self, facts: VendorFacts) -> None:
        self._facts = facts

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """See `SpeechWire`."""
        language = _LANGUAGES.get(primary_language(request.language) or "", "Auto")
        return vendor_request(
            base_url(credential, self._facts.base_url) + PATH,
            {
                "authorization": f"Bearer {secret_of(credential)}",
                "content-type": "application/json",
                "accept": "text/event-stream",
                "x-dashscope-sse": "enable",
            },
            json_body(
                model=request.model,
                input={"text": request.text, "voice": request.voice, "language_type": language},
            ),
        )

    def framing(self) -> Framing:
        """See `SpeechWire`."""
        return QwenEvents()

    def longest(self, model: str) -> int:
        """See `SpeechWire`."""
        return LONGEST


class QwenEvents:
    """Audio out of the events; the last one says `finish_reason: stop`."""

    def __init__(self) -> None:
        self._events, self._finished = SseParser(), False

    def feed(self, data: bytes) -> bytes:
        """See `Framing`."""
        return b"".join(map(self._audio, self._events.feed(data)))

    def end(self) -> None:
        """See `Framing`."""
        if not self._finished:
            raise ProviderError(FailureKind.UPSTREAM, "the answer stopped in the middle")

    def _audio(self, event: SseEvent) -> bytes:
        found = _object(event.data)
        if event.name == "error" or ("code" in found and "output" not in found):
            raise _failure(found)
        output = found.get("output")
        audio = output.get("audio") if isinstance(output, dict) else None
        if not isinstance(output, dict):
            raise ProviderError(FailureKind.UPSTREAM, "an event without output")
        self._finished = self._finished or output.get("finish_reason") == "stop"
        return base64_audio(audio.get("data")) if isinstance(audio, dict) else b""


def _failure(found: JsonObject) -> ProviderError:
    """A failure told under status 200, by DashScope's code word alone."""
    words = error_words(found).words
    word = words[0] if words else ""
    if word.startswith("Throttling"):
        return ProviderError(FailureKind.RATE, word)
    return ProviderError(failure_kind(400 if word.startswith("InvalidParameter") else 500, words), word or "error")


def _object(data: bytes) -> JsonObject:
    try:
        found: JsonValue = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ProviderError(FailureKind.UPSTREAM, "an event that is not a JSON object")
    return found
