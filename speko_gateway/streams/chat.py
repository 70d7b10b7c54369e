"""The door of text chat: `POST /v1/agents/{id}/chat`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speko_core.chat.answer import open_chat
from speko_core.chat.schemas import ChatInput
from speko_core.oneshot.parsing import parse_json
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.streams.incoming import CLIENT_GONE, JSON_LIMIT_BYTES, body_of
from speko_gateway.streams.oneshot import wants_json
from speko_gateway.streams.oneshot_answers import EventAnswer, JsonAnswer

SCOPE = "sessions:write"


async def chat(request: Request) -> Response:
    """Answer one message, as events or, with `Accept: application/json`, as one object."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await body_of(request, JSON_LIMIT_BYTES)
    if body is None:
        return CLIENT_GONE
    data = parse_json(ChatInput, body)
    answer = await open_chat(deps, principal, request.path_params["id"], data, request.state.request_id)
    return JsonAnswer(answer) if wants_json(request) else EventAnswer(answer)


def routes() -> list[Route]:
    """The one route."""
    return [Route("/v1/agents/{id}/chat", chat, methods=["POST"])]
