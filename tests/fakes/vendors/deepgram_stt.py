"""Deepgram's recognition: `/v1/listen` for recordings, `/v2/listen` for Flux."""

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from speko_core.types import JsonObject, JsonValue
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.recordings import HEARD, WORDS, halves, is_file
from tests.fakes.vendors.sockets import Spoken, converse, refuse

MODELS = ("nova-3", "nova-3-general", "nova-3-medical", "nova-2")
FLUX = ("flux-general-en", "flux-general-multi")
USUAL = {400: "Bad Request", 401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED", 429: "TOO_MANY_REQUESTS"}
REQUEST_ID = "0f5ba3e8-0000-4000-8000-000000000001"


class FakeDeepgramStt(FakeVendor):
    """Hears `HEARD` in everything."""

    vendor = "deepgram"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v1/listen", self._listen, methods=["POST"]),
            WebSocketRoute("/v1/listen", self._nova),
            WebSocketRoute("/v2/listen", self._flux),
        ]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"err_code": code or USUAL.get(status, "INTERNAL"), "err_msg": message, "request_id": REQUEST_ID}

    async def _listen(self, request: Request) -> Response:
        seen = await self.record(request)
        query = request.query_params
        if seen.headers.get("authorization") != f"Token {self.key}":
            return self.error(401, None, "Invalid credentials.")
        if query.get("model") not in MODELS:
            return self.error(400, None, "No such model/language/tier combination found.")
        if not (is_file(seen.body) or ("encoding" in query and "sample_rate" in query)):
            return self.error(400, None, "Bad Request: failed to process audio: corrupt or unsupported data")
        if "keyterm" in query and not query["model"].startswith("nova-3"):
            return self.error(400, None, "Keyterm Prompting is only available for Nova-3 models.")
        if "keywords" in query and query["model"].startswith("nova-3"):
            return self.error(400, None, "Keywords are not supported for Nova-3.")
        heard = _answer(HEARD, "detect_language" in query, query.get("diarize") == "true")
        return self.play(request, Played(halves(heard), "application/json", empty=[_answer("")], headers=_headers()))

    async def _nova(self, websocket: WebSocket) -> None:
        query = websocket.query_params
        if websocket.headers.get("authorization") != f"Token {self.key}":
            await refuse(self, websocket, 401)
        elif query.get("model") not in MODELS or query.get("encoding") != "linear16" or "sample_rate" not in query:
            await refuse(self, websocket, 400)
        else:
            done = _json({"type": "Metadata", "request_id": REQUEST_ID, "duration": 1.5, "channels": 1})
            spoken = Spoken(
                opening=(),
                parts=[_results("Hello", False), _results(HEARD.rsplit(" ", 1)[0], False)],
                ending=[_results(HEARD, True), done],
                empty=[_results("", True), done],
            )
            await converse(self, websocket, spoken, _audio)

    async def _flux(self, websocket: WebSocket) -> None:
        query = websocket.query_params
        if websocket.headers.get("authorization") != f"Token {self.key}":
            await refuse(self, websocket, 401)
        elif query.get("model") not in (FLUX[1:] if "language_hint" in query else FLUX) or "sample_rate" not in query:
            await refuse(self, websocket, 400)
        else:
            first, rest = HEARD.rsplit(" ", 1)
            spoken = Spoken(
                opening=[_json({"type": "Connected", "request_id": REQUEST_ID, "sequence_id": 0})],
                parts=[_turn("StartOfTurn", "Hello"), _turn("Update", first)],
                ending=[_turn("EndOfTurn", f"{first} {rest}")],
                empty=[_turn("Update", "")],
            )
            await converse(self, websocket, spoken, _audio)


def _audio(message: str | bytes) -> bytes | None:
    """Audio is binary; of the commands only `CloseStream` ends it."""
    if isinstance(message, bytes):
        return message
    return None if orjson.loads(message)["type"] == "CloseStream" else b""


def _words() -> list[JsonObject]:
    return [
        {"word": text.strip(".").lower(), "punctuated_word": text, "start": start, "end": end, "confidence": sure}
        for text, start, end, sure in WORDS
    ]


def _answer(text: str, detects: bool = False, diarizes: bool = False) -> bytes:
    """The last word is another speaker's."""
    words = [{**word, **({"speaker": int(at == 2)} if diarizes else {})} for at, word in enumerate(_words())]
    alternative = {"transcript": text, "confidence": 0.99 if text else 0.0, "words": words if text else []}
    channel = {"alternatives": [alternative], **({"detected_language": "en"} if detects else {})}
    metadata = {
        "transaction_key": "deprecated",
        "request_id": REQUEST_ID,
        "sha256": "0" * 64,
        "created": "2026-11-20T10:00:00.000Z",
        "duration": 1.5,
        "channels": 1,
        "models": ["m1"],
        "model_info": {"m1": {"name": "general-nova-3", "version": "2026-01-01.0", "arch": "nova-3"}},
    }
    return orjson.dumps({"metadata": metadata, "results": {"channels": [channel]}})


def _results(text: str, final: bool) -> str:
    best = {"transcript": text, "confidence": 0.99 if text else 0.0, "words": [*_words()] if text else []}
    return _json(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": 1.5,
            "start": 0.0,
            "is_final": final,
            "speech_final": final,
            "channel": {"alternatives": [best]},
            "metadata": {"request_id": REQUEST_ID},
        }
    )


def _turn(event: str, text: str) -> str:
    words: list[JsonValue] = [
        {"word": word, "confidence": sure, "start": start, "end": end}
        for (word, start, end, sure), _ in zip(WORDS, text.split(), strict=False)
    ]
    return _json(
        {
            "type": "TurnInfo",
            "request_id": REQUEST_ID,
            "sequence_id": 1,
            "event": event,
            "turn_index": 0,
            "audio_window_start": 0.0,
            "audio_window_end": 1.5,
            "transcript": text,
            "words": words,
            "end_of_turn_confidence": 0.9 if event == "EndOfTurn" else 0.1,
        }
    )


def _json(message: JsonObject) -> str:
    return orjson.dumps(message).decode()


def _headers() -> dict[str, str]:
    return {"dg-request-id": REQUEST_ID}
