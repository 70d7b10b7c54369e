"""OpenAI's realtime service as its SDK 3.52 knows it, and the two vendors that speak nearly the same.

The conversation is scripted: `answers` are given in turn, then `Answer()` again and again. Troubles: REFUSED at the
handshake, SILENT and SLOW before the session is taken, EMPTY for an error instead of it, NOTHING for a socket that
closes at once; MALFORMED, STALL, TRUNCATED and CUT after the first piece of an answer.
"""

import asyncio
import base64
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import orjson
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from speko_core.types import JsonObject
from tests.fakes.vendors.base import FakeVendor, Seen
from tests.fakes.vendors.behaviour import Behaviour, Trouble
from tests.fakes.vendors.realtime_script import HEARD, PIECE, Answer, Ears
from tests.fakes.vendors.sockets import refuse

Event = dict[str, Any]
RATE = 24_000
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


class Conversation:
    """One connection."""

    def __init__(self, fake: FakeOpenAiRealtime, socket: WebSocket, behaviour: Behaviour) -> None:
        self._fake, self._socket, self._behaviour = fake, socket, behaviour
        self._ids, self._ears = count(1), Ears(RATE)
        self._audio = 0
        self._item = ""
        self._answer: asyncio.Task[None] | None = None
        self._response = ""

    async def run(self) -> None:
        """Serve until the client leaves."""
        trouble = self._behaviour.trouble
        if trouble is Trouble.NOTHING:
            await self._socket.close(1000)
            return
        await self._send({"type": "session.created", "session": {"type": "realtime", "id": "sess_1"}})
        try:
            while True:
                await self._on(orjson.loads(await self._socket.receive_text()))
        finally:
            if self._answer is not None:
                self._answer.cancel()
                await asyncio.gather(self._answer, return_exceptions=True)

    async def _send(self, event: Event) -> None:
        await self._socket.send_text(orjson.dumps({"event_id": f"event_{next(self._ids)}", **event}).decode())

    async def _error(self, code: str, message: str = "secret prompt") -> None:
        error = {"type": "invalid_request_error", "code": code, "message": message, "param": None, "event_id": None}
        await self._send({"type": "error", "error": error})

    async def _on(self, event: Event) -> None:
        self._fake.heard.append(event)
        match event["type"]:
            case "session.update":
                await self._take(event["session"])
            case "input_audio_buffer.append":
                await self._hear(base64.b64decode(event["audio"], validate=True))
            case "input_audio_buffer.commit":
                await self._commit()
            case "input_audio_buffer.clear":
                self._audio = 0
                await self._send({"type": "input_audio_buffer.cleared"})
            case "conversation.item.create":
                await self._send({"type": "conversation.item.added", "item": event["item"]})
            case "response.create":
                await self._begin()
            case "response.cancel":
                await self._cancel("client_cancelled")
            case "conversation.item.truncate":
                truncated = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
                await self._send({"type": "conversation.item.truncated", **truncated})
            case _:
                await self._error("invalid_value")

    async def _take(self, session: Event) -> None:
        problem = self._fake.problem(session)
        if problem is not None:
            await self._error("unknown_parameter", problem)
            return
        if self._behaviour.trouble is Trouble.SILENT:
            return
        if self._behaviour.trouble is Trouble.EMPTY:
            await self._error(self._behaviour.code or "invalid_api_key")
            await self._socket.close(1008)
            return
        await asyncio.sleep(self._behaviour.delay_s)
        self._fake.sessions.append(session)
        await self._send({"type": "session.updated", "session": {"type": "realtime", **session}})

    async def _hear(self, pcm: bytes) -> None:
        self._fake.audio += pcm
        self._audio += len(pcm)
        if self._fake.dies_when_spoken_to:
            await self._socket.close(1011)
            return
        found = self._ears.hear(pcm)
        if found == "started":
            self._item = f"item_{next(self._ids)}"
            at = {"audio_start_ms": self._ears.heard_ms, "item_id": self._item}
            await self._send({"type": "input_audio_buffer.speech_started", **at})
            await self._cancel("turn_detected")
        elif found == "stopped":
            at = {"audio_end_ms": self._ears.heard_ms, "item_id": self._item}
            await self._send({"type": "input_audio_buffer.speech_stopped", **at})
            await self._committed()
            await self._begin()

    async def _commit(self) -> None:
        if self._audio < RATE * 2 // 10:
            await self._error("input_audio_buffer_commit_empty")
            return
        self._ears.speaks = False
        self._item = self._item or f"item_{next(self._ids)}"
        await self._committed()

    async def _committed(self) -> None:
        item, self._item, self._audio = self._item, "", 0
        await self._send({"type": "input_audio_buffer.committed", "item_id": item, "previous_item_id": None})
        for event in self._fake.transcripts(item):
            await self._send(event)

    async def _begin(self) -> None:
        if self._answer is not None and not self._answer.done():
            await self._error("conversation_already_has_active_response")
            return
        answer = self._fake.answers.popleft() if self._fake.answers else Answer()
        self._response = f"resp_{next(self._ids)}"
        self._answer = asyncio.create_task(self._speak(answer, self._response))

    async def _cancel(self, reason: str) -> None:
        if self._answer is None or self._answer.done():
            if reason == "client_cancelled":
                await self._error("response_cancel_not_active")
            return
        self._answer.cancel()
        await asyncio.gather(self._answer, return_exceptions=True)
        await self._done(self._response, "cancelled", {"type": "cancelled", "reason": reason})

    async def _done(self, response: str, status: str, details: Event | None = None) -> None:
        fields = {"id": response, "object": "realtime.response", "status": status, "status_details": details}
        await self._send({"type": "response.done", "response": {**fields, "output": [], "usage": self._fake.usage()}})

    async def _speak(self, answer: Answer, response: str) -> None:
        await self._send({"type": "response.created", "response": {"id": response, "status": "in_progress"}})
        item = f"item_{next(self._ids)}"
        at = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        for index, word in enumerate(answer.words):
            audio = base64.b64encode(PIECE).decode()
            await self._send({"type": "response.output_audio_transcript.delta", "delta": word, **at})
            await self._send({"type": "response.output_audio.delta", "delta": audio, **at})
            self._fake.pieces += 1
            if index == 0 and not await self._well():
                return
            await asyncio.sleep(answer.gap_s)
        if answer.words:
            text = "".join(answer.words)
            await self._send({"type": "response.output_audio.done", **at})
            await self._send({"type": "response.output_audio_transcript.done", "transcript": text, **at})
        for call in answer.calls:
            await self._call(response, call.id, call.name, call.arguments)
        await self._done(response, "completed")

    async def _call(self, response: str, call_id: str, name: str, arguments: str) -> None:
        item = f"item_{next(self._ids)}"
        at = {"response_id": response, "item_id": item, "output_index": 1, "call_id": call_id}
        half = len(arguments) // 2
        for delta in (arguments[:half], arguments[half:]):
            await self._send({"type": "response.function_call_arguments.delta", "delta": delta, **at})
        kind = "response.function_call_arguments.done"
        await self._send({"type": kind, "name": name, "arguments": arguments, **at})
        whole = {"id": item, "type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        done = {"response_id": response, "output_index": 1, "item": whole}
        await self._send({"type": "response.output_item.done", **done})

    async def _well(self) -> bool:
        """Go on, or go wrong as told after the first piece."""
        match self._behaviour.trouble:
            case Trouble.MALFORMED:
                await self._socket.send_text("{nonsense")
            case Trouble.STALL:
                await asyncio.Event().wait()
            case Trouble.TRUNCATED:
                await self._socket.close(1000)
            case Trouble.CUT:
                await self._socket.close(1011)
            case _:
                return True
        return False
