"""The doors in OpenAI's words."""

from collections.abc import Awaitable, Callable

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_gateway.streams.compat.chat import chat_completions
from speko_gateway.streams.compat.envelope import OpenAiErrors
from speko_gateway.streams.compat.models import get_model, list_models
from speko_gateway.streams.compat.speech import speech
from speko_gateway.streams.compat.transcriptions import transcriptions

Handler = Callable[[Request], Awaitable[Response]]


def routes() -> list[BaseRoute]:
    """All of them."""
    return [
        _route("POST", "/v1/chat/completions", chat_completions),
        _route("POST", "/v1/audio/transcriptions", transcriptions),
        _route("POST", "/v1/audio/speech", speech),
        _route("GET", "/v1/models", list_models),
        _route("GET", "/v1/models/{id:path}", get_model),
    ]


def _route(method: str, path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=[method], middleware=[Middleware(OpenAiErrors)])
