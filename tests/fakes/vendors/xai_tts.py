"""xAI's speech: `POST /v1/tts`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.speech import RawVoice, rendered

VOICES = ("eve", "ara", "leo", "rex", "sal")
LANGUAGES = (
    *("auto", "en", "ar-EG", "ar-SA", "ar-AE", "bn", "zh", "fr", "de", "hi", "id", "it", "ja", "ko"),
    *("pt-BR", "pt-PT", "ru", "es-MX", "es-ES", "tr", "vi"),
)


class FakeXaiTts(RawVoice):
    """Speaks with five voices, named in any case."""

    vendor = "xai"

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return f"{self.url}/v1"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/v1/tts", self._speak, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"code": code or f"error-{status}", "error": message}

    async def _speak(self, request: Request) -> Response:
        seen = await self.record(request)
        if seen.headers.get("authorization") != f"Bearer {self.key}":
            return self.error(401)
        body = seen.json
        text, wanted = body.get("text"), body.get("output_format", {"codec": "mp3", "sample_rate": 24_000})
        if not isinstance(text, str) or not 0 < len(text) <= 15_000 or body.get("language") not in LANGUAGES:
            return self.error(400, "invalid-argument", "A field is missing or unknown.")
        if str(body.get("voice_id", "eve")).lower() not in VOICES:
            return self.error(404, "not-found", "No such voice.")
        if not isinstance(wanted, dict) or wanted.get("codec") not in ("pcm", "wav", "mp3"):
            return self.error(400, "invalid-argument", "Unknown format.")
        rate = wanted.get("sample_rate", 24_000)
        assert isinstance(rate, int)
        return self.sound(request, *rendered(str(wanted["codec"]), rate))
