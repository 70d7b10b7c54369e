"""Inworld's speech: `POST /tts/v1/voice` and `/tts/v1/voice:stream`."""

import base64
from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.speech import pieces, rendered

MODELS = ("inworld-tts-2", "inworld-tts-1.5-max", "inworld-tts-1.5-mini")
VOICES = ("Ashley", "Dennis", "Alex")
GRPC = {400: 3, 401: 16, 402: 9, 403: 7, 404: 5, 429: 8, 500: 13, 503: 14}


class FakeInworld(FakeVendor):
    """Speaks in lines of JSON."""

    vendor = "inworld"
    malformed = b'{"result": nonsense\n'

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/tts/v1/voice:stream", self._speak, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"code": GRPC.get(status, 2), "message": message, "details": []}

    async def _speak(self, request: Request) -> Response:
        seen = await self.record(request)
        if seen.headers.get("authorization") != f"Basic {self.key}":
            return self.error(401)
        body = seen.json
        text, config = body.get("text"), body.get("audioConfig")
        if not isinstance(text, str) or not 0 < len(text) <= 2_000 or body.get("modelId") not in MODELS:
            return self.error(400)
        if body.get("voiceId") not in VOICES:
            return self.error(404)
        if not isinstance(config, dict) or not 0.5 <= float(str(config.get("speakingRate", 1.0))) <= 1.5:
            return self.error(400)
        container = {"PCM": "pcm", "LINEAR16": "wav", "WAV": "wav"}.get(str(config.get("audioEncoding")), "mp3")
        audio, _ = rendered(container, int(str(config.get("sampleRateHertz", 48_000))))
        return self.play(request, _lines(audio, self.malformed))


def in_band_error(code: int) -> bytes:
    """A failure after the stream has begun."""
    return orjson.dumps({"error": {"code": code, "message": "secret prompt", "details": []}}) + b"\n"


def _lines(audio: bytes, malformed: bytes) -> Played:
    lines = [_line(part) for part in pieces(audio)]
    cut = len(lines[1]) // 2
    return Played(
        [lines[0], lines[1][:cut], lines[1][cut:], *lines[2:]],
        "application/json",
        empty=[_line(b"")],
        malformed=malformed,
    )


def _line(audio: bytes) -> bytes:
    usage = {"processedCharactersCount": 12, "modelId": "inworld-tts-2"}
    return orjson.dumps({"result": {"audioContent": base64.b64encode(audio).decode(), "usage": usage}}) + b"\n"
