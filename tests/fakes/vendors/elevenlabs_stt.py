"""ElevenLabs' recognition: Scribe on recordings, and Scribe's realtime socket."""

import base64
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

USUAL = {401: "invalid_api_key", 402: "payment_required", 429: "too_many_concurrent_requests"}


class FakeElevenLabsStt(FakeVendor):
    """Hears `HEARD` in everything."""

    vendor = "elevenlabs"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v1/speech-to-text", self._convert, methods=["POST"]),
            WebSocketRoute("/v1/speech-to-text/realtime", self._realtime),
        ]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"detail": {"status": code or USUAL.get(status, "internal_error"), "message": message}}

    async def _convert(self, request: Request) -> Response:
        seen = await self.record(request)
        form = await read_form(request)
        if seen.headers.get("xi-api-key") != self.key:
            return self.error(401, None, "Invalid API key")
        terms = form.all("keyterms")
        if form.get("model_id") not in ("scribe_v1", "scribe_v2") or any(len(term) > 50 for term in terms):
            return self.error(422, "invalid_parameters", "refused")
        if form.part != "file" or not is_file(form.file):
            return self.error(400, "invalid_content", "refused")
        answers = [orjson.dumps(_answer(text)) for text in (HEARD, "")]
        return self.play(request, Played(halves(answers[0]), "application/json", empty=answers[1:]))

    async def _realtime(self, websocket: WebSocket) -> None:
        query = websocket.query_params
        if websocket.headers.get("xi-api-key") != self.key:
            await refuse(self, websocket, 401)
            return
        if query.get("model_id") != "scribe_v2_realtime":
            await refuse(self, websocket, 422, "invalid_parameters")
            return
        first = HEARD.rsplit(" ", 1)[0]
        spoken = Spoken(
            opening=[_message("session_started", session_id="s1", config={"sample_rate": 16000})],
            parts=[_message("partial_transcript", text="Hello"), _message("partial_transcript", text=first)],
            ending=[_message("committed_transcript", text=HEARD)],
            empty=[_message("committed_transcript", text="")],
        )
        await converse(self, websocket, spoken, _audio)


def _audio(message: str | bytes) -> bytes | None:
    told = orjson.loads(message)
    return None if told["commit"] else base64.b64decode(told["audio_base_64"], validate=True)


def _message(kind: str, **fields: JsonValue) -> str:
    return orjson.dumps({"message_type": kind, **fields}).decode()


def _answer(text: str) -> JsonObject:
    words: list[JsonValue] = []
    for word, start, end, _ in WORDS if text else ():
        words += [
            {"text": word, "start": start, "end": end, "type": "word", "speaker_id": None, "logprob": -0.05},
            {"text": " ", "start": end, "end": end, "type": "spacing", "speaker_id": None, "logprob": 0.0},
        ]
    return {
        "language_code": "en",
        "language_probability": 0.98,
        "text": text,
        "words": words,
        "transcription_id": "t1",
        "audio_duration_secs": 1.5,
    }
