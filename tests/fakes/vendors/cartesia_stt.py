"""Cartesia's recognition: `/stt` for recordings, `/stt/websocket` with bare words as commands."""

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

USUAL = {401: "unauthorized", 402: "quota_exceeded", 429: "concurrency_limited"}


class FakeCartesiaStt(FakeVendor):
    """Hears `HEARD` in everything."""

    vendor = "cartesia"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/stt", self._batch, methods=["POST"]), WebSocketRoute("/stt/websocket", self._socket)]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {
            "title": "Refused",
            "message": message,
            "error_code": code or USUAL.get(status, "internal_error"),
            "status_code": status,
            "request_id": "r1",
        }

    def _knows(self, headers: dict[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {self.key}" or headers.get("x-api-key") == self.key

    async def _batch(self, request: Request) -> Response:
        seen = await self.record(request)
        form = await read_form(request)
        if not self._knows(dict(seen.headers)):
            return self.error(401, None, "Invalid key")
        if not seen.headers.get("cartesia-version", "").startswith("20"):
            return self.error(400, "version_required", "refused")
        if form.get("model") != "ink-whisper" or form.part != "file" or not is_file(form.file):
            return self.error(400, "invalid_request", "refused")
        timed = "word" in form.all("timestamp_granularities[]")
        answers = [orjson.dumps(_transcript(text, timed)) for text in (HEARD, "")]
        return self.play(request, Played(halves(answers[0]), "application/json", empty=answers[1:]))

    async def _socket(self, websocket: WebSocket) -> None:
        query, headers = websocket.query_params, dict(websocket.headers)
        if not self._knows(headers):
            await refuse(self, websocket, 401)
            return
        version = headers.get("cartesia-version") or query.get("cartesia_version")
        if not version or query.get("model") not in ("ink-2", "ink-whisper") or "encoding" not in query:
            await refuse(self, websocket, 400, "invalid_request")
            return
        first, last = HEARD.rsplit(" ", 1)
        ends = ['{"type":"flush_done","request_id":"r1"}', '{"type":"done","request_id":"r1"}']
        spoken = Spoken(
            opening=(),
            parts=[_piece("Hello", False)],
            ending=[_piece(first + " ", True), _piece(last, True), *ends],
            empty=ends,
        )
        await converse(self, websocket, spoken, _audio)


def _audio(message: str | bytes) -> bytes | None:
    """Audio is binary; `close` is the farewell."""
    if isinstance(message, bytes):
        return message
    assert message in ("finalize", "close"), "a command that does not exist"
    return None if message == "close" else b""


def _piece(text: str, final: bool) -> str:
    return orjson.dumps({**_transcript(text, False), "is_final": final}).decode()


def _transcript(text: str, timed: bool) -> JsonObject:
    words: list[JsonValue] = [{"word": word, "start": start, "end": end} for word, start, end, _ in WORDS]
    return {
        "type": "transcript",
        "text": text,
        "duration": 1.5,
        "language": "en",
        "is_final": True,
        "request_id": "r1",
        **({"words": words} if timed and text else {}),
    }
