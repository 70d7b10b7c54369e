"""Inworld's speech: `POST /tts/v1/voice:stream`, lines of JSON with PCM in base64.

Source: https://docs.inworld.ai/api-reference/ttsAPI/texttospeech/synthesize-speech-stream, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

import httpx
import orjson

from speko_core.providers.base import Credential, FailureKind, Provider, ProviderError, TtsRequest
from speko_core.providers.catalog import VendorFacts, load_catalog
from speko_core.providers.families.http import VendorHttp, vendor_request
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speaking import RATE, Framing, HttpSpeech, base64_audio, json_body
from speko_core.providers.families.speech import base_url, secret_of
from speko_core.providers.families.sse import MAX_EVENT_BYTES
from speko_core.providers.inworld_realtime import inworld_realtime
from speko_core.settings import Settings
from speko_core.types import JsonValue

VENDOR = "inworld"
LONGEST: Final = 2_000
# Codes of gRPC, in which errors within a stream are told.
_KIND_BY_CODE: Final[Mapping[int, FailureKind]] = {
    3: FailureKind.INVALID,
    4: FailureKind.TIMEOUT,
    7: FailureKind.AUTH,
    8: FailureKind.RATE,
    16: FailureKind.AUTH,
}


def build_inworld(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Speech, and conversations."""
    facts = load_catalog()[VENDOR]
    tts = HttpSpeech(http, InworldSpeech(facts))
    return Provider(VENDOR, tts=tts, s2s=inworld_realtime(sockets, facts), closers=(http,))


class InworldSpeech:
    """The wire of Inworld's speech. The key of Inworld's portal is base64 already."""

    def __init__(self, facts: VendorFacts) -> None:
        self._facts = facts

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """See `SpeechWire`."""
        audio: dict[str, JsonValue] = {"audioEncoding": "PCM", "sampleRateHertz": RATE}
        return vendor_request(
            f"{base_url(credential, self._facts.base_url)}/tts/v1/voice:stream",
            {"authorization": f"Basic {secret_of(credential)}", "content-type": "application/json"},
            json_body(
                text=request.text,
                voiceId=request.voice,
                modelId=request.model,
                language=request.language,
                audioConfig=audio if request.speed is None else {**audio, "speakingRate": request.speed},
            ),
        )

    def framing(self) -> Framing:
        """See `SpeechWire`."""
        return InworldLines()

    def longest(self, model: str) -> int:
        """See `SpeechWire`."""
        return LONGEST


class InworldLines:
    """Audio out of the lines. There is no end mark, but a line is never left half."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """See `Framing`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_EVENT_BYTES:
            raise ProviderError(FailureKind.UPSTREAM, "a line is too long")
        return b"".join(_audio(line) for line in lines if line.strip())

    def end(self) -> None:
        """See `Framing`."""
        if self._rest.strip():
            raise ProviderError(FailureKind.UPSTREAM, "the answer stopped in the middle")


def _audio(line: bytes) -> bytes:
    try:
        found: JsonValue = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ProviderError(FailureKind.UPSTREAM, "a line that is not a JSON object")
    result, error = found.get("result"), found.get("error")
    if isinstance(error, dict):
        code = error.get("code")
        kind = _KIND_BY_CODE.get(code, FailureKind.UPSTREAM) if isinstance(code, int) else FailureKind.UPSTREAM
        raise ProviderError(kind, f"error {code if isinstance(code, int) else 'without code'}")
    if not isinstance(result, dict):
        raise ProviderError(FailureKind.UPSTREAM, "a line without a result")
    return base64_audio(result.get("audioContent"))
