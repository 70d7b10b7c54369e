"""Google's live wire: binary frames of JSON with several keys at once. Troubles as OpenAI's fake has them."""

import asyncio
import base64
from collections import deque
from collections.abc import Sequence
from typing import Any

import orjson
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from speko_core.types import JsonObject
from tests.fakes.vendors.base import FakeVendor, Seen
from tests.fakes.vendors.behaviour import Behaviour, Trouble
from tests.fakes.vendors.realtime_script import HEARD, PIECE, Answer, Ears
from tests.fakes.vendors.sockets import refuse

Frame = dict[str, Any]
RATE = 16_000
SETUP = {
    "model", "generationConfig", "systemInstruction", "tools", "realtimeInputConfig", "inputAudioTranscription",
    "outputAudioTranscription", "sessionResumption", "contextWindowCompression", "proactivity", "historyConfig",
}  # fmt: skip
USAGE: Frame = {
    "promptTokenCount": 140,
    "responseTokenCount": 58,
    "totalTokenCount": 198,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 40}, {"modality": "AUDIO", "tokenCount": 100}],
    "responseTokensDetails": [{"modality": "TEXT", "tokenCount": 8}, {"modality": "AUDIO", "tokenCount": 50}],
}


class FakeGeminiLive(FakeVendor):
    """Hears `HEARD` in everything and answers as scripted. `leaves` makes it say goodbye after so many answers."""

    vendor = "google"

    def __init__(self) -> None:
        super().__init__()
        self.answers: deque[Answer] = deque()
        self.setups: list[Frame] = []
        self.heard: list[Frame] = []
        self.audio = bytearray()
        self.leaves = 0

    def routes(self) -> Sequence[BaseRoute]:
        service = "google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent"
        return [WebSocketRoute(f"/ws/{service}", self._serve)]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"error": {"code": status, "message": message, "status": code or "INVALID_ARGUMENT"}}

    async def _serve(self, socket: WebSocket) -> None:
        behaviour = self.behave()
        key = socket.headers.get("x-goog-api-key") or socket.query_params.get("key")
        if key != self.key or behaviour.trouble is Trouble.REFUSED:
            await refuse(self, socket, behaviour.status if key == self.key else 401, behaviour.code)
            return
        self.seen.append(Seen("WEBSOCKET", socket.url.path, [], {}, b"", 0))
        await socket.accept()
        self.answering += 1
        try:
            await Connection(self, socket, behaviour).run()
        except (WebSocketDisconnect, RuntimeError):
            self.note_hang_up()
        finally:
            self.answering -= 1


class Connection:
    """One connection."""

    def __init__(self, fake: FakeGeminiLive, socket: WebSocket, behaviour: Behaviour) -> None:
        self._fake, self._socket, self._behaviour, self._ears = fake, socket, behaviour, Ears(RATE)
        self._answer: asyncio.Task[None] | None = None
        self._spoken = 0

    async def run(self) -> None:
        """Serve until the client leaves."""
        if self._behaviour.trouble is Trouble.NOTHING:
            await self._socket.close(1000)
            return
        try:
            await self._set_up(await self._receive())
            while True:
                await self._on(await self._receive())
        finally:
            if self._answer is not None:
                self._answer.cancel()
                await asyncio.gather(self._answer, return_exceptions=True)

    async def _receive(self) -> Frame:
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect
        frame: Frame = orjson.loads(message.get("text") or message.get("bytes"))
        self._fake.heard.append(frame)
        return frame

    async def _send(self, frame: Frame) -> None:
        await self._socket.send_bytes(orjson.dumps(frame))

    async def _set_up(self, frame: Frame) -> None:
        setup = frame.get("setup") or {}
        wrong = not str(setup.get("model", "")).startswith("models/gemini") or set(setup) - SETUP
        if wrong or self._behaviour.trouble is Trouble.EMPTY:
            await self._socket.close(1007, "secret prompt")
            raise WebSocketDisconnect
        if self._behaviour.trouble is Trouble.SILENT:
            await asyncio.Event().wait()
        await asyncio.sleep(self._behaviour.delay_s)
        self._fake.setups.append(setup)
        await self._send({"setupComplete": {}})
        await self._send({"sessionResumptionUpdate": {"newHandle": f"h{len(self._fake.setups)}", "resumable": True}})

    async def _on(self, frame: Frame) -> None:
        heard = frame.get("realtimeInput") or frame.get("realtime_input") or {}
        if "audio" in heard:
            await self._hear(heard["audio"])
        elif heard.get("audioStreamEnd") and self._ears.speaks:
            self._ears.speaks = False
            self._begin(heard=True)
        elif {"clientContent", "client_content", "toolResponse", "tool_response"} & set(frame):
            self._begin()

    async def _hear(self, audio: Frame) -> None:
        mime = audio.get("mimeType") or audio.get("mime_type")
        if mime != "audio/pcm;rate=16000":
            await self._socket.close(1007, "bad rate")
            raise WebSocketDisconnect
        pcm = base64.b64decode(audio["data"])
        self._fake.audio += pcm
        found = self._ears.hear(pcm)
        if found == "started" and self._answer is not None and not self._answer.done():
            self._answer.cancel()
            await asyncio.gather(self._answer, return_exceptions=True)
            await self._send({"serverContent": {"interrupted": True}})
        elif found == "stopped":
            self._begin(heard=True)

    def _begin(self, *, heard: bool = False) -> None:
        answer = self._fake.answers.popleft() if self._fake.answers else Answer()
        self._answer = asyncio.create_task(self._speak(answer, heard))

    async def _speak(self, answer: Answer, heard: bool) -> None:
        if heard:
            for part in (HEARD[:8], HEARD[8:]):
                await self._send({"serverContent": {"inputTranscription": {"text": part}}})
        for index, word in enumerate(answer.words):
            data = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(PIECE).decode()}
            turn = {"parts": [{"inlineData": data}], "role": "model"}
            await self._send({"serverContent": {"modelTurn": turn, "outputTranscription": {"text": word}}})
            if index == 0 and not await self._well():
                return
            await asyncio.sleep(answer.gap_s)
        if answer.calls:
            calls = [{"id": one.id, "name": one.name, "args": orjson.loads(one.arguments)} for one in answer.calls]
            await self._send({"toolCall": {"functionCalls": calls}, "usageMetadata": USAGE})
            return
        await self._send({"serverContent": {"generationComplete": True}})
        # The end of the turn and what it took come in one frame.
        await self._send({"serverContent": {"turnComplete": True}, "usageMetadata": USAGE})
        await self._part()

    async def _part(self) -> None:
        self._spoken += 1
        if self._spoken == self._fake.leaves:
            self._fake.leaves = 0
            await self._send({"goAway": {"timeLeft": "50s"}})

    async def _well(self) -> bool:
        """Go on, or go wrong as told after the first piece."""
        match self._behaviour.trouble:
            case Trouble.MALFORMED:
                await self._socket.send_bytes(b"{nonsense")
            case Trouble.STALL:
                await asyncio.Event().wait()
            case Trouble.TRUNCATED:
                await self._socket.close(1000)
            case Trouble.CUT:
                await self._socket.close(1011)
            case _:
                return True
        return False
