"""What handlers of pages for people who are not signed in are given.

Guests have no session yet, so the token of their forms hangs on a cookie of its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from speko_core.accounts import sign_in
from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_gateway.web.headers import page_headers
from speko_gateway.web.render import html
from speko_gateway.web.requests import (
    SESSION_COOKIE,
    VISITOR_COOKIE,
    check_csrf,
    check_origin,
    drop_cookie,
    set_cookie,
    visitor_csrf,
    visitor_id,
)  # fmt: skip
from speko_gateway.web.site import error_page, read_form

COOKIE_AGE_S = int(sign_in.SESSION_TTL.total_seconds())


@dataclass(frozen=True)
class Guest:
    """One request of somebody who is not signed in."""

    request: Request
    deps: Deps

    def show(self, template: str, context: Mapping[str, object], problem: SpekoError | None = None) -> Response:
        """Render a page with a form for guests; `problem` is why the form came back."""
        base_url = self.deps.settings.base_url
        visitor = visitor_id(self.request, base_url)
        headers = page_headers(base_url)
        if problem is not None and problem.retry_after_s is not None:
            headers["Retry-After"] = str(problem.retry_after_s)
        given = {"csrf": visitor_csrf(self.deps.secrets, visitor), "problem": problem, **context}
        response = html(template, given, headers, problem.status if problem else 200)
        set_cookie(response, VISITOR_COOKIE, visitor, base_url)
        return response

    def enter(self, cookie: str, target: str) -> Response:
        """Go on signed in: with a fresh cookie, whatever the browser held before."""
        base_url = self.deps.settings.base_url
        response = RedirectResponse(target, 303)
        set_cookie(response, SESSION_COOKIE, cookie, base_url, COOKIE_AGE_S)
        drop_cookie(response, VISITOR_COOKIE, base_url)
        return response


Show: TypeAlias = Callable[[Guest], Awaitable[Response]]
Submit: TypeAlias = Callable[[Guest, FormData], Awaitable[Response]]


def guest_page(deps: Deps, path: str, show: Show) -> Route:
    """A GET page for everybody."""

    async def handle(request: Request) -> Response:
        try:
            return await show(Guest(request, deps))
        except SpekoError as error:
            return error_page(deps, error)

    return Route(path, handle, methods=["GET"], include_in_schema=False)


def guest_form(deps: Deps, path: str, submit: Submit) -> Route:
    """A posted form of guests, from our own page only."""

    async def handle(request: Request) -> Response:
        base_url = deps.settings.base_url
        try:
            check_origin(request, base_url)
            fields = await read_form(request)
            check_csrf(visitor_csrf(deps.secrets, visitor_id(request, base_url)), fields.get("csrf"))
            return await submit(Guest(request, deps), fields)
        except SpekoError as error:
            return error_page(deps, error)

    return Route(path, handle, methods=["POST"], include_in_schema=False)


def text(fields: FormData, name: str) -> str:
    """A field that is text, or nothing."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""
