"""The one-shot doors: `POST /v1/transcribe`, `/v1/complete`, `/v1/synthesize`."""

from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speko_core.audio.transcode import requested_target
from speko_core.errors import InvalidInput
from speko_core.oneshot.complete import CompleteCall
from speko_core.oneshot.completing import open_completion
from speko_core.oneshot.parsing import parse_json
from speko_core.oneshot.schemas import CompleteInput, SttOptions, SynthesizeInput, TranscribeInput
from speko_core.oneshot.streamed import Streamed
from speko_core.oneshot.synthesize import open_synthesize
from speko_core.oneshot.transcribe import open_transcribe
from speko_core.routing.intent import Constraints, RoutingIntent
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.streams.incoming import CLIENT_GONE, JSON_LIMIT_BYTES, SCOPE, body_of, header, session_of
from speko_gateway.streams.oneshot_answers import AudioAnswer, EventAnswer, JsonAnswer

E = TypeVar("E")


async def transcribe(request: Request) -> Response:
    """Recognize the recording in the body; the intent is in headers, so that the body is only audio."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    intent = parse_json(RoutingIntent, _required(request, "x-speko-intent"), "x-speko-intent")
    constraints = parse_json(Constraints, header(request, "x-speko-constraints") or "{}", "x-speko-constraints")
    options = parse_json(SttOptions, header(request, "x-speko-stt-options") or "{}", "x-speko-stt-options")
    body = await body_of(request, deps.settings.max_body_bytes)
    if body is None:
        return CLIENT_GONE
    data = TranscribeInput(
        intent=intent,
        constraints=constraints,
        options=options,
        body=body,
        content_type=request.headers.get("content-type") or "audio/wav",
    )
    return _answer(request, await open_transcribe(deps, principal, data, session_id=session_of(request)))


async def complete(request: Request) -> Response:
    """Answer a conversation."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await body_of(request, JSON_LIMIT_BYTES)
    if body is None:
        return CLIENT_GONE
    data = parse_json(CompleteInput, body)
    call = await open_completion(
        deps,
        principal,
        data,
        session_id=session_of(request),
        idempotency_key=request.headers.get("idempotency-key", "").strip()[:200] or None,
    )
    # Each has events of its own type.
    return _answer(request, call) if isinstance(call, CompleteCall) else _answer(request, call)


async def synthesize(request: Request) -> Response:
    """Speak a text, in the format of the `Accept` header where that names one."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await body_of(request, JSON_LIMIT_BYTES)
    if body is None:
        return CLIENT_GONE
    data = parse_json(SynthesizeInput, body)
    target = requested_target(",".join(request.headers.getlist("accept")))
    return AudioAnswer(await open_synthesize(deps, principal, data, session_id=session_of(request), target=target))


def routes() -> list[Route]:
    """The three routes."""
    return [
        Route("/v1/complete", complete, methods=["POST"]),
        Route("/v1/transcribe", transcribe, methods=["POST"]),
        Route("/v1/synthesize", synthesize, methods=["POST"]),
    ]


def _answer(request: Request, call: Streamed[E]) -> Response:
    return JsonAnswer(call) if wants_json(request) else EventAnswer(call)


def wants_json(request: Request) -> bool:
    """Only an explicit `application/json` that does not also name the event stream asks for one object."""
    kinds = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return "application/json" in kinds and "text/event-stream" not in kinds


def _required(request: Request, name: str) -> str:
    value = header(request, name)
    if not value.strip():
        raise InvalidInput(f'Invalid request: the header {name} is required, such as {{"language":"en-US"}}.')
    return value
