"""Deepgram's speech: `POST /v1/speak`."""

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.base import Played
from tests.fakes.vendors.speech import RawVoice, pieces, rendered

VOICE = re.compile(r"aura-2-[a-z]+-(en|es|de|fr|it|ja|nl)")
USUAL = {400: "INVALID_QUERY_PARAMETER", 401: "INVALID_AUTH", 402: "PAYMENT_REQUIRED", 429: "TOO_MANY_REQUESTS"}
REQUEST_ID = "0f5ba3e8-0000-4000-8000-000000000002"


class FakeDeepgramTts(RawVoice):
    """Speaks with every voice of Aura-2."""

    vendor = "deepgram"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/v1/speak", self._speak, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"err_code": code or USUAL.get(status, "INTERNAL"), "err_msg": message, "request_id": REQUEST_ID}

    async def _speak(self, request: Request) -> Response:
        seen, query = await self.record(request), request.query_params
        if seen.headers.get("authorization") != f"Token {self.key}":
            return self.error(401)
        text = seen.json.get("text")
        if not isinstance(text, str) or not text.strip():
            return self.error(400, "INVALID_JSON", "text is missing")
        if len(text) > 2_000:
            return self.error(413, "PAYLOAD_TOO_LARGE", "Input text exceeds maximum character limit of 2000.")
        if not VOICE.fullmatch(query.get("model", "aura-2-thalia-en")):
            return self.error(400, None, "No such model.")
        if not 0.7 <= float(query.get("speed", "1")) <= 1.5:
            return self.error(400, None, "speed is out of range")
        return self._sound(request)

    def _sound(self, request: Request) -> Response:
        query = request.query_params
        if query.get("encoding", "mp3") == "linear16":
            container = "pcm" if query.get("container") == "none" else "wav"
            audio, content_type = rendered(container, int(query.get("sample_rate", "24000")))
            content_type = content_type.replace("audio/pcm", "audio/l16")
        else:
            audio, content_type = rendered("mp3")
        headers = {"dg-request-id": REQUEST_ID, "dg-model-name": query.get("model", "aura-2-thalia-en")}
        return self.play(request, Played(pieces(audio), content_type, headers=headers))
