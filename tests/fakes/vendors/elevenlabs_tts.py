"""ElevenLabs' speech: `/v1/text-to-speech/{voice}` and its `/stream`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.speech import RawVoice, rendered

MODELS = {"eleven_flash_v2_5": 40_000, "eleven_multilingual_v2": 10_000, "eleven_v3": 5_000}
USUAL = {400: "bad_request", 401: "invalid_api_key", 402: "payment_required", 429: "too_many_concurrent_requests"}


class FakeElevenLabsTts(RawVoice):
    """Speaks with any voice of its account."""

    vendor = "elevenlabs"
    voices = ("hpp4J3VqNfWAUOO0d1Us", "EXAVITQu4vr4xnSDxMaL")

    def routes(self) -> Sequence[BaseRoute]:
        path = "/v1/text-to-speech/{voice}"
        return [Route(f"{path}/stream", self._speak, methods=["POST"]), Route(path, self._speak, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"detail": {"status": code or USUAL.get(status, "internal_error"), "message": message}}

    async def _speak(self, request: Request) -> Response:
        seen = await self.record(request)
        if seen.headers.get("xi-api-key") != self.key:
            return self.error(401, "invalid_api_key", "Invalid API key")
        if request.path_params["voice"] not in self.voices:
            return self.error(404, "voice_not_found", "A voice with the ID was not found.")
        return self._refused(seen.json) or self._sound(request)

    def _refused(self, body: JsonObject) -> Response | None:
        model, text, settings = (
            body.get("model_id", "eleven_multilingual_v2"),
            body.get("text"),
            body.get("voice_settings"),
        )
        if model not in MODELS:
            return self.error(400, "model_not_found", "A model with that ID was not found.")
        if not isinstance(text, str) or len(text) > MODELS[str(model)]:
            return self.error(400, "max_character_limit_exceeded", "Too long.")
        if body.get("language_code") and model == "eleven_multilingual_v2":
            return self.error(400, "unsupported_language", "The model does not support language_code.")
        speed = settings.get("speed", 1.0) if isinstance(settings, dict) else 1.0
        if not isinstance(speed, int | float) or not 0.7 <= speed <= 1.2:
            return self.error(400, "invalid_voice_settings", "Speed must be between 0.7 and 1.2.")
        return None

    def _sound(self, request: Request) -> Response:
        codec, rate, *_ = request.query_params.get("output_format", "mp3_44100_128").split("_")
        if codec not in ("pcm", "mp3"):
            return self.error(400, "invalid_output_format", "Unknown format.")
        audio, content_type = rendered(codec, int(rate))
        return self.sound(request, audio, content_type)
