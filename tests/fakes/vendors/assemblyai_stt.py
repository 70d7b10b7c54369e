"""AssemblyAI's recognition: the synchronous service, and upload, job and poll. Two hosts, two shapes of errors."""

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from speko_core.types import JsonObject, JsonValue
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.recordings import HEARD, WORDS, halves, is_file, read_form
from tests.fakes.vendors.sockets import Spoken, converse, refuse

SYNC_CONFIG = {
    "prompt",
    "keyterms_prompt",
    "conversation_context",
    "language_codes",
    "sample_rate",
    "channels",
    "timestamps",
    "client_version",
}
TITLES = {400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 503: "Capacity Exceeded"}
JOB_ID = "6dc3f7c8-0000-4000-8000-000000000002"
MODELS = ("universal-3-5-pro", "universal-3-pro", "universal-2")


class FakeAssemblyAiSync(FakeVendor):
    """Hears `HEARD` in up to two minutes of WAV."""

    vendor = "assemblyai"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v1/transcribe", self._transcribe, methods=["POST"]),
            Route("/v1/transcribe/live", self._transcribe, methods=["POST"]),
        ]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"status": status, "title": code or TITLES.get(status, "Service Unavailable"), "detail": message}

    async def _transcribe(self, request: Request) -> Response:
        seen = await self.record(request)
        form = await read_form(request)
        if seen.headers.get("authorization") != self.key:
            return self.error(401, None, "Invalid API key")
        if seen.headers.get("x-aai-model") != "universal-3-5-pro":
            return self.error(400, None, "Unknown model")
        config = orjson.loads(form.get("config", "{}"))
        if set(config) - SYNC_CONFIG:
            return self.error(400, None, "Unknown config field")
        if form.part != "audio" or not form.file.startswith(b"RIFF"):
            return self.error(400, "Bad Audio", "Not a WAV file")
        timed = bool(config.get("timestamps"))
        whole = orjson.dumps(_sync_answer(HEARD, timed))
        empty = orjson.dumps(_sync_answer("", timed))
        return self.play(request, Played(halves(whole), "application/json", empty=[empty]))


class FakeAssemblyAiJobs(FakeVendor):
    """A job is queued, is processing when first asked for, and then hears `HEARD`; with `fails` it ends in error."""

    vendor = "assemblyai"
    fails = False

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v2/upload", self._upload, methods=["POST"]),
            Route("/v2/transcript", self._create, methods=["POST"]),
            Route(f"/v2/transcript/{JOB_ID}", self._get, methods=["GET"]),
        ]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"error": message}

    async def _upload(self, request: Request) -> Response:
        seen = await self.record(request)
        if seen.headers.get("authorization") != self.key:
            return self.error(401, None, "Authentication error, API token missing/invalid")
        if not is_file(seen.body):
            return self.error(400, None, "Upload failed, please try again.")
        return self.play(request, _played({"upload_url": "https://cdn.assemblyai.com/upload/1"}, {}))

    async def _create(self, request: Request) -> Response:
        wanted = (await self.record(request)).json
        models = wanted.get("speech_models")
        if not isinstance(models, list) or not models or set(map(str, models)) - set(MODELS):
            return self.error(400, None, "Invalid speech_models")
        if not wanted.get("audio_url") or ("language_code" in wanted) == bool(wanted.get("language_detection")):
            return self.error(400, None, "Invalid endpoint schema")
        job: JsonObject = {**wanted, "id": JOB_ID, "status": "queued"}
        return self.play(request, _played(job, job))

    async def _get(self, request: Request) -> Response:
        await self.record(request)
        asked = sum(seen.method == "GET" for seen in self.seen)
        job: JsonObject = {"id": JOB_ID, "audio_url": "https://cdn.assemblyai.com/upload/1", "status": "processing"}
        done: JsonObject = {**job, "status": "completed", "confidence": 0.95, "audio_duration": 2}
        empty: JsonObject = {**done, "text": "", "words": [], "confidence": 0.0}
        if self.fails:
            return self.play(request, _played({**job, "status": "error", "error": "secret reason"}, empty))
        heard: JsonObject = {**done, "text": HEARD, "words": _words(True)}
        return self.play(request, _played(heard if asked > 1 else job, empty))


def _played(answer: JsonObject, empty: JsonObject) -> Played:
    return Played(halves(orjson.dumps(answer)), "application/json", empty=[orjson.dumps(empty)])


def _words(timed: bool) -> list[JsonValue]:
    return [
        {
            "text": text,
            "confidence": sure,
            **({"start": round(start * 1000), "end": round(end * 1000)} if timed else {}),
        }
        for text, start, end, sure in WORDS
    ]


def _sync_answer(text: str, timed: bool) -> JsonObject:
    return {
        "text": text,
        "words": _words(timed) if text else [],
        "confidence": 0.95 if text else 0.0,
        "audio_duration_ms": 1500,
        "session_id": "3c4b0000-0000-4000-8000-000000000003",
        "request_time_ms": 41.5,
    }


STREAMED = ("universal-3-6-pro", "universal-3-5-pro", "u3-rt-pro", "universal-streaming-english")


class FakeAssemblyAiStreaming(FakeVendor):
    """Version 3 of the socket: hears `HEARD` as one turn, told twice at its end."""

    vendor = "assemblyai"

    def routes(self) -> Sequence[BaseRoute]:
        return [WebSocketRoute("/v3/ws", self._stream)]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"error": message}

    async def _stream(self, websocket: WebSocket) -> None:
        query = websocket.query_params
        if websocket.headers.get("authorization") != self.key:
            await refuse(self, websocket, 401)
        elif query.get("speech_model") not in STREAMED or "sample_rate" not in query:
            await refuse(self, websocket, 400)
        else:
            ends = [_json({"type": "Termination", "audio_duration_seconds": 2, "session_duration_seconds": 2})]
            spoken = Spoken(
                opening=[_json({"type": "Begin", "id": "s1", "expires_at": 1_790_000_000})],
                parts=[_turn("Hello", 1), _turn("Hello wonderful", 2)],
                ending=[
                    _turn("hello wonderful world", 3, ended=True),
                    _turn(HEARD, 3, ended=True, formatted=True),
                    *ends,
                ],
                empty=ends,
            )
            await converse(self, websocket, spoken, _audio)


def _audio(message: str | bytes) -> bytes | None:
    """Audio is binary, 50 ms at least; of the commands only `Terminate` ends it."""
    if isinstance(message, bytes):
        assert len(message) >= 1_600, "3007: the vendor ends the session"
        return message
    return None if orjson.loads(message)["type"] == "Terminate" else b""


def _turn(text: str, words: int, ended: bool = False, formatted: bool = False) -> str:
    return _json(
        {
            "type": "Turn",
            "turn_order": 0,
            "turn_is_formatted": formatted,
            "end_of_turn": ended,
            "transcript": text if ended else "",
            "end_of_turn_confidence": 0.9 if ended else 0.1,
            "words": [{**word, "word_is_final": ended} for word in _words(True)[:words] if isinstance(word, dict)],
        }
    )


def _json(message: JsonObject) -> str:
    return orjson.dumps(message).decode()
