"""Alibaba's DashScope: Qwen speech, whole or as an event stream."""

import base64
from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject, JsonValue
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.speech import pieces, spoken

VOICES = ("Cherry", "Serena", "Ethan", "Dylan")
LANGUAGES = ("Auto", "Chinese", "English", "German", "Italian", "Spanish", "Japanese", "Korean", "French", "Russian")
USUAL = {400: "InvalidParameter", 401: "InvalidApiKey", 402: "Arrearage", 429: "Throttling.RateQuota"}
REQUEST_ID = "5c63c65c-0000-4000-8000-000000000001"


class FakeDashScope(FakeVendor):
    """Speaks Qwen's voices."""

    vendor = "alibaba"
    malformed = b"data:{nonsense\n\n"

    def routes(self) -> Sequence[BaseRoute]:
        path = "/services/aigc/multimodal-generation/generation"
        return [Route(f"/api/v1{path}", self._speak, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"code": code or USUAL.get(status, "InternalError"), "message": message, "request_id": REQUEST_ID}

    async def _speak(self, request: Request) -> Response:
        seen = await self.record(request)
        if seen.headers.get("authorization") != f"Bearer {self.key}":
            return self.error(401)
        given = seen.json.get("input")
        text = given.get("text") if isinstance(given, dict) else None
        if seen.json.get("model") != "qwen3-tts-flash" or not isinstance(given, dict) or not isinstance(text, str):
            return self.error(400, "InvalidParameter", "A field is missing or unknown.")
        if len(text) > 600 or given.get("voice") not in VOICES or given.get("language_type", "Auto") not in LANGUAGES:
            return self.error(400, "InvalidParameter", "A field is out of range.")
        if seen.headers.get("x-dashscope-sse") != "enable":
            whole = _answer("stop", b"", "https://example.com/speech.wav")
            return self.play(request, Played([orjson.dumps(whole)], "application/json"))
        return self.play(request, _events(self.malformed))


def in_band_error(code: str) -> bytes:
    """A failure after the stream has begun."""
    body = {"code": code, "message": "secret prompt", "request_id": REQUEST_ID}
    return b"id:2\nevent:error\n:HTTP_STATUS/400\ndata:" + orjson.dumps(body) + b"\n\n"


def _events(malformed: bytes) -> Played:
    parts = pieces(spoken())
    frames = [_event(number, _answer("null", part)) for number, part in enumerate(parts)]
    last = _event(len(frames), _answer("stop", b"", "https://example.com/speech.wav"))
    # One event in two reads: the network does not know where events end.
    cut = len(frames[1]) // 2
    split = [frames[0], frames[1][:cut], frames[1][cut:], *frames[2:], last]
    return Played(split, "text/event-stream;charset=UTF-8", empty=[last], malformed=malformed)


def _event(number: int, body: JsonObject) -> bytes:
    return b"id:%d\nevent:result\n:HTTP_STATUS/200\ndata:%s\n\n" % (number, orjson.dumps(body))


def _answer(reason: str, audio: bytes, url: str = "") -> JsonObject:
    sound: JsonValue = {"data": base64.b64encode(audio).decode(), "expires_at": 1_900_000_000, "id": "a-1", "url": url}
    output: JsonValue = {"audio": sound, "finish_reason": reason}
    return {"output": output, "usage": {"characters": 12}, "request_id": REQUEST_ID}
