"""One connection to a fake that speaks OpenAI's realtime wire."""

from __future__ import annotations

import asyncio
import base64
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson
from starlette.websockets import WebSocket

from tests.fakes.vendors.behaviour import Behaviour, Trouble
from tests.fakes.vendors.realtime_script import PIECE, Answer, Ears

if TYPE_CHECKING:
    from tests.fakes.vendors.openai_realtime import FakeOpenAiRealtime

Event = dict[str, Any]
RATE = 24_000


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
