"""Cartesia's speech: `POST /tts/bytes`, at an API version from 2026-03-01 on."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject, JsonValue
from tests.fakes.vendors.speech import RawVoice, rendered

MODELS = ("sonic-3.5", "sonic-3", "sonic-latest")
VOICES = ("f786b574-daa5-4673-aa0c-cbe3e8534c02", "6ccbfb76-1fc6-48f7-b71d-91ac6298247b")
USUAL = {400: "invalid_request", 401: "unauthorized", 402: "payment_required", 429: "concurrency_limited"}


class FakeCartesiaTts(RawVoice):
    """Speaks with the voices of its library."""

    vendor = "cartesia"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/tts/bytes", self._speak, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        word = code or USUAL.get(status, "internal_error")
        return {"error_code": word, "title": word.replace("_", " "), "message": message, "request_id": "req-1"}

    async def _speak(self, request: Request) -> Response:
        seen = await self.record(request)
        key = seen.headers.get("x-api-key") or seen.headers.get("authorization", "").removeprefix("Bearer ")
        if key != self.key:
            return self.error(401)
        if seen.headers.get("cartesia-version", "") < "2026-03-01":
            return self.error(400, "invalid_version", "Name a version.")
        return self._refused(seen.json) or self._sound(request, seen.json)

    def _refused(self, body: JsonObject) -> Response | None:
        voice, config = body.get("voice"), body.get("generation_config")
        identity = voice.get("id") if isinstance(voice, dict) else voice
        if body.get("model_id") not in MODELS or not body.get("transcript"):
            return self.error(400, "invalid_request", "A field is missing or unknown.")
        if identity not in VOICES:
            return self.error(404, "voice_not_found", "No such voice.")
        if "language" in body and "locale" in body:
            return self.error(400, "invalid_request", "Set language or locale.")
        speed: JsonValue = config.get("speed", 1.0) if isinstance(config, dict) else 1.0
        if not isinstance(speed, int | float) or not 0.6 <= speed <= 1.5:
            return self.error(400, "invalid_request", "speed is out of range")
        return None

    def _sound(self, request: Request, body: JsonObject) -> Response:
        wanted = body.get("output_format")
        if not isinstance(wanted, dict) or wanted.get("container") not in ("raw", "wav", "mp3"):
            return self.error(400, "invalid_request", "output_format is invalid")
        if wanted["container"] != "mp3" and wanted.get("encoding") != "pcm_s16le":
            return self.error(400, "invalid_request", "encoding is invalid")
        audio, content_type = rendered(
            {"raw": "pcm"}.get(str(wanted["container"]), str(wanted["container"])), _rate(wanted)
        )
        return self.sound(request, audio, content_type)


def _rate(wanted: JsonObject) -> int:
    rate = wanted.get("sample_rate")
    assert isinstance(rate, int)
    return rate
