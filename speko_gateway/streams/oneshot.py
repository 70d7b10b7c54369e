"""The one-shot doors: `POST /v1/transcribe`, `/v1/complete`, `/v1/synthesize`."""

import asyncio
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.audio.transcode import requested_target
from speko_core.errors import InvalidInput
from speko_core.oneshot.call import EventCall
from speko_core.oneshot.complete import open_complete
from speko_core.oneshot.parsing import parse_json
from speko_core.oneshot.schemas import CompleteInput, SttOptions, SynthesizeInput, TranscribeInput
from speko_core.oneshot.synthesize import open_synthesize
from speko_core.oneshot.transcribe import open_transcribe
from speko_core.routing.intent import Constraints, RoutingIntent
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.body import read_body
from speko_gateway.streams.oneshot_answers import AudioAnswer, EventAnswer, JsonAnswer

E = TypeVar("E")
SCOPE = "inference:use"
JSON_LIMIT_BYTES = 4_194_304
UPLOAD_TIMEOUT_S = 300.0
CLIENT_GONE = Response(status_code=499)


async def transcribe(request: Request) -> Response:
    """Recognize the recording in the body; the intent is in headers, so that the body is only audio."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    intent = parse_json(RoutingIntent, _required(request, "x-speko-intent"), "x-speko-intent")
    constraints = parse_json(Constraints, _header(request, "x-speko-constraints") or "{}", "x-speko-constraints")
    options = parse_json(SttOptions, _header(request, "x-speko-stt-options") or "{}", "x-speko-stt-options")
    body = await _body(request, deps.settings.max_body_bytes)
    if body is None:
        return CLIENT_GONE
    data = TranscribeInput(
        intent=intent,
        constraints=constraints,
        options=options,
        body=body,
        content_type=request.headers.get("content-type") or "audio/wav",
    )
    return _answer(request, await open_transcribe(deps, principal, data, session_id=_session(request)))


async def complete(request: Request) -> Response:
    """Answer a conversation."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await _body(request, JSON_LIMIT_BYTES)
    if body is None:
        return CLIENT_GONE
    data = parse_json(CompleteInput, body)
    return _answer(request, await open_complete(deps, principal, data, session_id=_session(request)))


async def synthesize(request: Request) -> Response:
    """Speak a text, in the format of the `Accept` header where that names one."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await _body(request, JSON_LIMIT_BYTES)
    if body is None:
        return CLIENT_GONE
    data = parse_json(SynthesizeInput, body)
    target = requested_target(",".join(request.headers.getlist("accept")))
    return AudioAnswer(await open_synthesize(deps, principal, data, session_id=_session(request), target=target))


def routes() -> list[BaseRoute]:
    """The three routes."""
    return [
        Route("/v1/complete", complete, methods=["POST"]),
        Route("/v1/transcribe", transcribe, methods=["POST"]),
        Route("/v1/synthesize", synthesize, methods=["POST"]),
    ]


def _answer(request: Request, call: EventCall[E]) -> Response:
    return JsonAnswer(call) if _wants_json(request) else EventAnswer(call)


def _wants_json(request: Request) -> bool:
    """Only an explicit `application/json` that does not also name the event stream asks for one object."""
    kinds = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return "application/json" in kinds and "text/event-stream" not in kinds


async def _body(request: Request, limit: int) -> bytes | None:
    """The body, or None when the client went away while sending it.

    Raises:
        InvalidInput: it did not arrive in time.
        TooLarge: it is over `limit` bytes.
    """
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S):
            return await read_body(request, limit)
    except ClientDisconnect:
        return None
    except TimeoutError:
        raise InvalidInput(f"The request body did not arrive within {UPLOAD_TIMEOUT_S:g} seconds.") from None


def _header(request: Request, name: str) -> str:
    """A header as UTF-8, or Latin-1 where it is not: browsers send JSON headers unescaped."""
    value = next((value for key, value in request.headers.raw if key == name.encode()), b"")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _required(request: Request, name: str) -> str:
    value = _header(request, name)
    if not value.strip():
        raise InvalidInput(f'Invalid request: the header {name} is required, such as {{"language":"en-US"}}.')
    return value


def _session(request: Request) -> str | None:
    return request.headers.get("x-session-id", "").strip()[:80] or None
