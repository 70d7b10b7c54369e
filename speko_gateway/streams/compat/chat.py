"""`POST /v1/chat/completions`."""

from starlette.requests import Request
from starlette.responses import Response

from speko_core.ids import new_id
from speko_core.oneshot.complete import open_complete
from speko_core.oneshot.parsing import parse_json
from speko_core.providers.base import Modality
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.streams.compat.chat_answers import ChatAnswer, ChatStream, Label
from speko_gateway.streams.compat.chat_input import ChatRequest, completion_of
from speko_gateway.streams.compat.intent import wish
from speko_gateway.streams.incoming import CLIENT_GONE, JSON_LIMIT_BYTES, SCOPE, body_of, session_of


async def chat_completions(request: Request) -> Response:
    """Answer a conversation."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await body_of(request, JSON_LIMIT_BYTES)
    if body is None:
        return CLIENT_GONE
    chat = parse_json(ChatRequest, body)
    data = completion_of(chat, wish(deps, request, chat, Modality.LLM))
    call = await open_complete(deps, principal, data, session_id=session_of(request))
    label = Label(new_id("chatcmpl"), int(deps.clock.now().timestamp()), chat.left_out)
    if not chat.stream:
        return ChatAnswer(call, label)
    return ChatStream(call, label, bool(chat.stream_options and chat.stream_options.include_usage))
