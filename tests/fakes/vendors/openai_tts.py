"""OpenAI's `POST /v1/audio/speech`, and a self-hosted server with the same path."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.speech import RawVoice, rendered

CLASSIC = ("alloy", "ash", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer")
VOICES = {
    "gpt-4o-mini-tts": (*CLASSIC, "ballad", "verse", "marin", "cedar"),
    "tts-1": CLASSIC,
    "tts-1-hd": CLASSIC,
}
USUAL = {401: "invalid_api_key", 402: "billing_hard_limit_reached", 429: "rate_limit_exceeded"}


class FakeOpenAiTts(RawVoice):
    """Speaks as OpenAI does."""

    vendor = "openai"

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return f"{self.url}/v1"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/v1/audio/speech", self._speak, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code or USUAL.get(status)}}

    async def _speak(self, request: Request) -> Response:
        seen = await self.record(request)
        if not self.knows(seen.headers.get("authorization")):
            return self.error(401, "invalid_api_key", "Incorrect API key provided.")
        body = seen.json
        return self.refusal(body) or self.sound(request, *self.audio(str(body.get("response_format", "mp3"))))

    def knows(self, authorization: str | None) -> bool:
        """True for the right key."""
        return authorization == f"Bearer {self.key}"

    def audio(self, container: str) -> tuple[bytes, str]:
        """The answer in a format, with its content type."""
        return rendered(container)

    def refusal(self, body: JsonObject) -> Response | None:
        """An error for a body that OpenAI would not take."""
        model, text, speed = str(body.get("model")), body.get("input"), body.get("speed", 1.0)
        if model not in VOICES:
            return self.error(404, "model_not_found", "The model does not exist.")
        if not isinstance(text, str) or not 0 < len(text) <= 4_096:
            return self.error(400, "string_above_max_length", "input must have at most 4096 characters.")
        if body.get("voice") not in VOICES[model]:
            return self.error(400, "invalid_value", "Unknown voice.")
        if not isinstance(speed, int | float) or not 0.25 <= speed <= 4.0:
            return self.error(400, "invalid_value", "speed is out of range.")
        if model.startswith("tts-1") and ("instructions" in body or body.get("stream_format") == "sse"):
            return self.error(400, "unsupported_parameter", "Not with this model.")
        if body.get("response_format", "mp3") not in ("mp3", "wav", "pcm"):
            return self.error(400, "invalid_value", "Not a format of this fake.")
        return None


class FakeSelfHostedTts(FakeOpenAiTts):
    """A server at home: no key, its own model and voices; it answers in `container`, whatever was asked for."""

    vendor = "compatible"
    container = "pcm"

    def knows(self, authorization: str | None) -> bool:
        return True

    def audio(self, container: str) -> tuple[bytes, str]:
        return rendered(self.container)

    def refusal(self, body: JsonObject) -> Response | None:
        return None if body.get("model") == "kokoro" else self.error(404, None, "model not found")
