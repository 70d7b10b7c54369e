"""The web role as a worker sees it, on a real port: claims, reports, one-shot calls by script, the media relay."""

import asyncio
import contextlib
import json
import math
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from speko_core.sessions.plan import SessionPlan
from speko_core.types import JsonObject
from tests.serving import listening, served

WORKER_TOKEN = "wk_test"
# Codes that say how a socket ended and may not be sent themselves.
_CLOSE_CODES = {1005: 1000, 1006: 1011}


@dataclass
class Script:
    """What the providers say. `transcripts` are used in order, then the last one again."""

    actions: list[JsonObject] = field(default_factory=list)
    tool: str | None = None
    """A tool that every answer uses first, for `tool_s` seconds."""
    tool_s: float = 0.3
    transcripts: list[str] = field(default_factory=lambda: ["what time do you open"])
    answer: Callable[[list[JsonObject]], str] = lambda _messages: "We open at nine in the morning."
    stt_delay_s: float = 0.05
    llm_delay_s: float = 0.05
    tts_delay_s: float = 0.05
    seconds_per_char: float = 0.03
    fail: dict[str, int] = field(default_factory=dict)
    """Remaining calls per leg that answer 500."""
    stalled_speech: int = 0
    """Remaining syntheses that stop in the middle without ending."""

    def next_words(self) -> str:
        return self.transcripts.pop(0) if len(self.transcripts) > 1 else self.transcripts[0]


@dataclass
class FakeSession:
    """A created session."""

    plan: SessionPlan
    status: str = "created"
    claimed_by: str | None = None
    turns: dict[int, JsonObject] = field(default_factory=dict)
    posts: list[list[int]] = field(default_factory=list)
    finished: JsonObject | None = None
    recording: bytes | None = None
    recording_ms: int = 0
    recording_failed: bool = False
    spans: JsonObject | None = None
    heartbeats: int = 0

    @property
    def token(self) -> str:
        return f"st_{self.plan.session_id}"

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(str(turn["source"]), str(turn["text"])) for _, turn in sorted(self.turns.items())]


@dataclass
class FakeGateway:
    """State of the fake; `url` is its base address while it runs."""

    url: str = ""
    script: Script = field(default_factory=Script)
    sessions: dict[str, FakeSession] = field(default_factory=dict)
    workers: dict[str, JsonObject] = field(default_factory=dict)
    calls: list[tuple[str, JsonObject]] = field(default_factory=list)
    away: bool = False
    lost_replies: int = 0
    """Turn posts that are stored and then answered with an error, as when a connection breaks."""
    status_at_claim: str = "active"
    registered: list[JsonObject] | None = None
    """The tools of every agent; None answers 404."""

    def create(self, session_id: str = "s1", **plan: object) -> FakeSession:
        values: JsonObject = {
            "sessionId": session_id,
            "organizationId": "org_1",
            "mode": "test",
            "agentId": "agt_1",
            "agentName": "Receptionist",
            "intent": {"language": "en"},
            "systemPrompt": "You answer the phone of a shop.",
            "turnTaking": {"minEndpointingS": 0.2, "maxEndpointingS": 1.0, "interruptionMinS": 0.3},
            "expiresAt": (datetime.now(UTC) + timedelta(minutes=5)).isoformat(),
            "maxDurationS": 300,
            "offline": True,
        }
        session = FakeSession(SessionPlan.model_validate({**values, **plan}))
        self.sessions[session_id] = session
        return session

    def media_url(self, session: FakeSession) -> str:
        return f"{self.url.replace('http', 'ws')}/v1/sessions/{session.plan.session_id}/media"

    def worker_address(self) -> str:
        return str(next(iter(self.workers.values()))["address"])

    def calls_to(self, leg: str) -> list[JsonObject]:
        return [body for name, body in self.calls if name == leg]

    # --- the worker's side ---

    async def register(self, request: Request) -> Response:
        if refused := self._refuse(request, WORKER_TOKEN):
            return refused
        body = await request.json()
        self.workers[body["instanceId"]] = body
        return JSONResponse({"ok": True})

    async def claim(self, request: Request) -> Response:
        if refused := self._refuse(request, WORKER_TOKEN):
            return refused
        session = self.sessions.get(request.path_params["id"])
        if session is None:
            return _error(404, "SESSION_NOT_FOUND")
        if session.claimed_by:
            return _error(409, "SESSION_ALREADY_CLAIMED")
        session.claimed_by, session.status = (await request.json())["instanceId"], self.status_at_claim
        plan = session.plan.model_dump(mode="json", by_alias=True)
        return JSONResponse(
            {"plan": plan, "signature": "x", "token": session.token, "expiresAt": session.plan.expires_at}
        )

    async def heartbeat(self, request: Request) -> Response:
        session = self.sessions[request.path_params["id"]]
        if refused := self._refuse(request, session.token):
            return refused
        session.heartbeats += 1
        return JSONResponse({"status": session.status})

    async def turns(self, request: Request) -> Response:
        session = self.sessions[request.path_params["id"]]
        if refused := self._refuse(request, session.token):
            return refused
        batch = (await request.json())["turns"]
        session.posts.append([turn["index"] for turn in batch])
        session.turns.update({turn["index"]: turn for turn in batch})
        if self.lost_replies > 0:
            self.lost_replies -= 1
            return _error(502, "BAD_GATEWAY")
        return Response(status_code=202)

    async def upload(self, request: Request) -> Response:
        session = self.sessions[request.path_params["id"]]
        if refused := self._refuse(request, session.token):
            return refused
        session.recording = await request.body()
        session.recording_ms = int(request.headers["x-speko-duration-ms"])
        return JSONResponse({"ok": True})

    async def keep_spans(self, request: Request) -> Response:
        session = self.sessions[request.path_params["id"]]
        if refused := self._refuse(request, session.token):
            return refused
        session.spans = await request.json()
        return JSONResponse({"ok": True})

    async def give_up(self, request: Request) -> Response:
        session = self.sessions[request.path_params["id"]]
        if refused := self._refuse(request, session.token):
            return refused
        session.recording_failed = True
        return JSONResponse({"ok": True})

    async def finish(self, request: Request) -> Response:
        session = self.sessions[request.path_params["id"]]
        if refused := self._refuse(request, session.token):
            return refused
        session.finished = await request.json()
        session.status = session.finished["status"]
        return JSONResponse({"status": session.status})

    def _refuse(self, request: Request, token: str) -> Response | None:
        if self.away:
            return _error(503, "UNAVAILABLE")
        return None if request.headers.get("authorization") == f"Bearer {token}" else _error(401, "UNAUTHORIZED")

    # --- the one-shot endpoints ---

    async def transcribe(self, request: Request) -> Response:
        body = await request.body()
        said = {name: json.loads(request.headers.get(f"x-speko-{name}", "{}")) for name in ("intent", "stt-options")}
        self.calls.append(("stt", {"bytes": len(body), **said, **_headers(request)}))
        if failed := self._fails("stt", "TRANSCRIBE_FAILED"):
            return failed
        text = self.script.next_words()

        if not text:
            return _nothing_heard()

        async def _events() -> AsyncIterator[str]:
            await asyncio.sleep(self.script.stt_delay_s)
            origin = {"provider": "local", "model": "sphinx-free", "failoverCount": 0, "scoresRunId": None}
            yield _sse("meta", origin)
            yield _sse("transcript", {"text": text, "isFinal": True, "confidence": 0.9})
            yield _sse("done", {"text": text, "confidence": 0.9, **origin})

        return StreamingResponse(_events(), media_type="text/event-stream")

    async def listen(self, socket: WebSocket) -> None:
        """Hears live: how much so far, and the script's words at each wish for them."""
        await socket.accept()
        self.calls.append(("live", {**await socket.receive_json(), "_auth": socket.headers.get("authorization")}))
        await socket.send_json({"type": "meta", "provider": "acme", "model": "ear-1", "streaming": True})
        with contextlib.suppress(WebSocketDisconnect, KeyError):
            while json.loads(await self._command(socket))["type"] == "finalize":
                text = (
                    self.script.transcripts.pop(0) if len(self.script.transcripts) > 1 else self.script.transcripts[0]
                )
                await asyncio.sleep(self.script.stt_delay_s)
                await socket.send_json({"type": "transcript", "text": text.split(" ")[0], "isFinal": False})
                await socket.send_json({"type": "transcript", "text": text, "isFinal": True, "confidence": 0.9})
            await socket.send_json({"type": "done", "text": ""})
            await socket.close()

    async def _command(self, socket: WebSocket) -> str:
        while (text := (await socket.receive()).get("text")) is None:
            continue
        return str(text)

    async def complete(self, request: Request) -> Response:
        body = await request.json()
        self.calls.append(("llm", {**body, **_headers(request)}))
        if failed := self._fails("llm", "COMPLETE_FAILED"):
            return failed
        text = self.script.answer(body["messages"])

        async def _events() -> AsyncIterator[str]:
            await asyncio.sleep(self.script.llm_delay_s)
            origin = {"provider": "sandbox", "model": "sandbox-1", "failoverCount": 0, "scoresRunId": None}
            yield _sse("meta", {**origin, "hop": 0, "totalFailoverCount": 0})
            if self.script.tool:
                called: JsonObject = {"id": "call_1", "name": self.script.tool}
                yield _sse("server_tool_call", {**called, "status": "started", "args": "{}"})
                await asyncio.sleep(self.script.tool_s)
                yield _sse("server_tool_call", {**called, "status": "completed"})
            for word in text.split(" "):
                yield _sse("delta", {"text": word + " "})
            done = {"text": text, "usage": {"promptTokens": 9, "completionTokens": 4}, **origin}
            yield _sse("done", {**done, "actions": self.script.actions} if self.script.actions else done)

        return StreamingResponse(_events(), media_type="text/event-stream")

    async def agent_tools(self, request: Request) -> Response:
        self.calls.append(("tools", {"agent": request.path_params["id"], **dict(request.query_params)}))
        return _error(404, "AGENT_NOT_FOUND") if self.registered is None else JSONResponse(self.registered)

    async def synthesize(self, request: Request) -> Response:
        body = await request.json()
        self.calls.append(("tts", {**body, **_headers(request)}))
        if failed := self._fails("tts", "SYNTHESIZE_FAILED"):
            return failed
        rate = 16_000

        async def _audio() -> AsyncIterator[bytes]:
            await asyncio.sleep(self.script.tts_delay_s)
            tone = tone_pcm(len(body["text"]) * self.script.seconds_per_char, rate)
            for at in range(0, len(tone), 4095):  # an odd size: samples are split across chunks
                yield tone[at : at + 4095]
                if self.script.stalled_speech > 0:
                    self.script.stalled_speech -= 1
                    await asyncio.sleep(30)

        headers = {"x-speko-provider": "local", "x-speko-model": "flite-rms", "x-speko-failover-count": "0"}
        return StreamingResponse(_audio(), media_type=f"audio/pcm;rate={rate}", headers=headers)

    def _fails(self, leg: str, code: str) -> Response | None:
        left = self.script.fail.get(leg, 0)
        if left <= 0:
            return None
        self.script.fail[leg] = left - 1
        return _error(500, code)

    # --- the caller's side ---

    async def media(self, socket: WebSocket) -> None:
        protocols = socket.scope["subprotocols"]
        session = self.sessions[socket.path_params["id"]]
        await socket.accept(protocols[0])
        address = f"{self.worker_address()}/media/{session.plan.session_id}"
        headers = {"Authorization": f"Bearer {WORKER_TOKEN}"}
        async with connect(address, additional_headers=headers, proxy=None) as upstream:
            up = asyncio.create_task(_pump_up(socket, upstream))
            try:
                async for message in upstream:
                    await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message))
            except (ConnectionClosed, WebSocketDisconnect):
                pass
            finally:
                up.cancel()
                await asyncio.gather(up, return_exceptions=True)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(_CLOSE_CODES.get(upstream.close_code, upstream.close_code) or 1011)

    def app(self) -> Starlette:
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/internal/workers/heartbeat", self.register, methods=post),
                Route("/internal/sessions/{id}/claim", self.claim, methods=post),
                Route("/internal/sessions/{id}/heartbeat", self.heartbeat, methods=post),
                Route("/internal/sessions/{id}/finish", self.finish, methods=post),
                Route("/internal/sessions/{id}/spans", self.keep_spans, methods=post),
                Route("/internal/sessions/{id}/recording-failed", self.give_up, methods=post),
                Route("/internal/sessions/{id}/recording", self.upload, methods=["PUT"]),
                Route("/v1/sessions/{id}/turns", self.turns, methods=post),
                Route("/v1/agents/{id}/tools", self.agent_tools),
                Route("/v1/transcribe", self.transcribe, methods=post),
                Route("/v1/complete", self.complete, methods=post),
                Route("/v1/synthesize", self.synthesize, methods=post),
                WebSocketRoute("/v1/transcribe/stream", self.listen),
                WebSocketRoute("/v1/sessions/{id}/media", self.media),
            ]
        )


async def _pump_up(socket: WebSocket, upstream: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                await upstream.close()
                return
            await upstream.send(message.get("bytes") if message.get("bytes") is not None else message["text"])


def _headers(request: Request) -> JsonObject:
    return {"_session": request.headers.get("x-session-id"), "_auth": request.headers.get("authorization")}


def _nothing_heard() -> Response:
    """As the gateway answers when every recognizer found no words."""
    cause = {"provider": "local", "model": "sphinx-free", "reason": "empty"}
    body = {"error": "All providers failed.", "code": "TRANSCRIBE_FAILED", "causes": [cause]}
    return JSONResponse(body, status_code=500)


def _error(status: int, code: str) -> Response:
    return JSONResponse({"error": "Scripted.", "code": code}, status_code=status)


def _sse(name: str, data: JsonObject) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def tone_pcm(seconds: float, rate: int) -> bytes:
    """A 300 Hz tone."""
    count = int(seconds * rate)
    return struct.pack(f"<{count}h", *(int(8000 * math.sin(2 * math.pi * 300 * n / rate)) for n in range(count)))


@contextlib.asynccontextmanager
async def serve(gateway: FakeGateway, port: int = 0) -> AsyncIterator[FakeGateway]:
    """Run the fake, on a free port unless one is given."""
    config = uvicorn.Config(
        gateway.app(), log_config=None, access_log=False, lifespan="off", ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    async with served(config, listening(port)) as gateway.url:
        yield gateway
