"""OpenAI's realtime service as its SDK 3.52 knows it, and the two vendors that speak nearly the same.

The conversation is scripted: `answers` are given in turn, then `Answer()` again and again. Troubles: REFUSED at the
handshake, SILENT and SLOW before the session is taken, EMPTY for an error instead of it, NOTHING for a socket that
closes at once; MALFORMED, STALL, TRUNCATED and CUT after the first piece of an answer.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from speko_core.types import JsonObject
from tests.fakes.vendors.base import FakeVendor, Seen
from tests.fakes.vendors.behaviour import Trouble
from tests.fakes.vendors.openai_realtime_conversation import Conversation, Event
from tests.fakes.vendors.realtime_script import HEARD, Answer
from tests.fakes.vendors.sockets import refuse

SESSION = {
    "type", "model", "instructions", "output_modalities", "audio", "tools", "tool_choice", "parallel_tool_calls",
    "max_output_tokens", "reasoning", "truncation", "tracing", "include", "prompt",
}  # fmt: skip
TOKENS = {"text_tokens": 40, "audio_tokens": 100, "cached_tokens": 30}
CACHED = {"cached_tokens_details": {"text_tokens": 10, "audio_tokens": 20}}


class FakeOpenAiRealtime(FakeVendor):
    """Hears `HEARD` in everything and answers as scripted."""

    vendor = "openai"
    path = "/v1/realtime"
    models = ("gpt-realtime", "gpt-realtime-2.1", "gpt-realtime-1.5", "gpt-realtime-2.1-mini")

    def __init__(self) -> None:
        super().__init__()
        self.answers: deque[Answer] = deque()
        self.sessions: list[Event] = []
        self.heard: list[Event] = []
        self.audio = bytearray()
        self.closed = asyncio.Event()
        self.dies_when_spoken_to = False
        self.pieces = 0

    def routes(self) -> Sequence[BaseRoute]:
        return [WebSocketRoute(self.path, self._serve)]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        usual = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
        return {"error": {"message": message, "type": "invalid_request_error", "code": code or usual.get(status)}}

    def authorized(self, headers: Mapping[str, str]) -> bool:
        """Whether the handshake shows the key; the header that selects the beta is refused."""
        return headers.get("authorization") == f"Bearer {self.key}" and "openai-beta" not in headers

    def received(self, kind: str) -> list[Event]:
        """The client events of one type."""
        return [event for event in self.heard if event["type"] == kind]

    async def _serve(self, socket: WebSocket) -> None:
        behaviour = self.behave()
        if not self.authorized(socket.headers):
            await refuse(self, socket, 401)
            return
        if behaviour.trouble is Trouble.REFUSED:
            await refuse(self, socket, behaviour.status, behaviour.code)
            return
        self.seen.append(Seen("WEBSOCKET", socket.url.path, socket.query_params.multi_items(), {}, b"", 0))
        await socket.accept()
        self.closed.clear()
        self.answering += 1
        try:
            await Conversation(self, socket, behaviour).run()
        except (WebSocketDisconnect, RuntimeError):
            self.note_hang_up()
        finally:
            self.answering -= 1
            self.closed.set()

    # --- what other vendors have different ----------------------------------------------------------------------------

    def problem(self, session: Event) -> str | None:
        """Why a session is refused."""
        if session.get("type") != "realtime":
            return "Missing required parameter: 'session.type'."
        unknown = set(session) - SESSION
        return f"Unknown parameter: {sorted(unknown)}" if unknown else None

    def transcripts(self, item: str) -> list[Event]:
        """How the user's words are told."""
        kind = "conversation.item.input_audio_transcription"
        usage = {"type": "duration", "seconds": 1}
        head, tail = HEARD[:8], HEARD[8:]
        return [
            {"type": f"{kind}.delta", "item_id": item, "content_index": 0, "delta": head},
            {"type": f"{kind}.delta", "item_id": item, "content_index": 0, "delta": tail},
            {"type": f"{kind}.completed", "item_id": item, "content_index": 0, "transcript": HEARD, "usage": usage},
        ]

    def usage(self) -> Event:
        """What an answer took."""
        out = {"text_tokens": 8, "audio_tokens": 50}
        details = {"input_token_details": {**TOKENS, "image_tokens": 0, **CACHED}, "output_token_details": out}
        return {"total_tokens": 198, "input_tokens": 140, "output_tokens": 58, **details}


class FakeXaiRealtime(FakeOpenAiRealtime):
    """Grok Voice: voice and turn detection at the top, growing transcripts, pings, totals."""

    vendor = "xai"
    models = ("grok-voice-3.0", "grok-voice-latest", "grok-voice-2.0")

    def problem(self, session: Event) -> str | None:
        """Nothing of OpenAI's session but what is the same."""
        unknown = set(session) - {"instructions", "voice", "turn_detection", "audio", "tools", "tool_choice"}
        return f"Unknown parameter: {sorted(unknown)}" if unknown else None

    def transcripts(self, item: str) -> list[Event]:
        """Whole texts, each replacing the one before it; the last is told twice."""
        kind = "conversation.item.input_audio_transcription"
        grown = (("updated", HEARD[:8]), ("completed", HEARD[:20]), ("completed", HEARD))
        told = [{"type": f"{kind}.{end}", "item_id": item, "transcript": text} for end, text in grown]
        return [{"type": "ping", "timestamp": 1}, *told]

    def usage(self) -> Event:
        """Totals only."""
        return {"input_tokens": 140, "output_tokens": 58, "total_tokens": 198}


class FakeInworldRealtime(FakeOpenAiRealtime):
    """Inworld: a path and a key of its own, a speech model in the session, totals."""

    vendor = "inworld"
    path = "/api/v1/realtime/session"
    models = ("openai/gpt-4o-mini",)

    def authorized(self, headers: Mapping[str, str]) -> bool:
        """The portal's key as it is."""
        return headers.get("authorization") == f"Basic {self.key}"

    def problem(self, session: Event) -> str | None:
        """A route to a model, and a voice of Inworld's."""
        output = session.get("audio", {}).get("output", {})
        return None if session.get("model") in self.models and output.get("model") and output.get("voice") else "no"

    def usage(self) -> Event:
        """Totals only."""
        return {"input_tokens": 140, "output_tokens": 58, "total_tokens": 198}
