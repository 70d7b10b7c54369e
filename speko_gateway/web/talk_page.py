"""The page of one conversation. It needs no sign-in: the link's fragment carries a single-use token."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speko_gateway.web.headers import page_headers
from speko_gateway.web.phrases import DEMO_PHRASES
from speko_gateway.web.render import html


def talk_page_route(base_url: str, rooms_url: str = "") -> Route:
    """`/talk/{session_id}`. The page reads the token from its own address; it never reaches this process.

    `rooms_url` is the LiveKit server where there is one: the page may connect to it.
    """
    media = (base_url, rooms_url) if rooms_url else (base_url,)

    async def talk_page(request: Request) -> Response:
        context = {"agent_name": None, "demo_phrases": DEMO_PHRASES}
        return html("talk_session.html", context, page_headers(base_url, microphone=True, media=media))

    return Route("/talk/{session_id}", talk_page)
