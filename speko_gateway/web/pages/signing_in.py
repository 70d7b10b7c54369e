"""Signing in by one-time link or password, and signing out."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

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
    cookie_name,
    drop_cookie,
    safe_next,
    set_cookie,
    visitor_csrf,
    visitor_id,
)  # fmt: skip
from speko_gateway.web.site import Visit, browser_of, error_page, form, read_form

COOKIE_AGE_S = int(sign_in.SESSION_TTL.total_seconds())


def routes(deps: Deps) -> list[BaseRoute]:
    """`/sign-in` and `/sign-out`."""
    door = _Door(deps)
    return [
        Route("/sign-in", door.show, methods=["GET"]),
        Route("/sign-in", door.submit, methods=["POST"]),
        form(deps, "/sign-out", _sign_out),
    ]


class _Door:
    """The sign-in page and its form. Visitors have no session yet, so the form token hangs on a cookie of its own."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def show(self, request: Request) -> Response:
        """The form; with `?token=` a single button, so that link previews do not use the link up."""
        target = safe_next(request.query_params.get("next"))
        if "token" not in request.query_params and await browser_of(request, self._deps) is not None:
            return RedirectResponse(target, 303)
        return self._page(request, target, request.query_params.get("token", ""))

    async def submit(self, request: Request) -> Response:
        """Sign in and go on to `next`."""
        base_url = self._deps.settings.base_url
        try:
            check_origin(request, base_url)
            fields = await read_form(request)
            check_csrf(visitor_csrf(self._deps.secrets, visitor_id(request, base_url)), fields.get("csrf"))
        except SpekoError as error:
            return error_page(self._deps, error)
        target = safe_next(_text(fields, "next"))
        try:
            cookie = await self._sign_in(fields)
        except SpekoError as error:
            return self._page(request, target, "", problem=error, email=_text(fields, "email"))
        response = RedirectResponse(target, 303)
        set_cookie(response, SESSION_COOKIE, cookie, base_url, COOKIE_AGE_S)
        drop_cookie(response, VISITOR_COOKIE, base_url)
        return response

    async def _sign_in(self, fields: FormData) -> str:
        if token := _text(fields, "token"):
            return await sign_in.by_link(self._deps, token)
        return await sign_in.by_password(self._deps, _text(fields, "email"), _text(fields, "password"))

    def _page(
        self, request: Request, target: str, token: str, problem: SpekoError | None = None, email: str = ""
    ) -> Response:
        base_url = self._deps.settings.base_url
        visitor = visitor_id(request, base_url)
        context = {
            "csrf": visitor_csrf(self._deps.secrets, visitor),
            "next": target, "token": token, "problem": problem, "email": email,
        }  # fmt: skip
        headers = page_headers(base_url)
        if problem is not None and problem.retry_after_s is not None:
            headers["Retry-After"] = str(problem.retry_after_s)
        response = html("sign_in.html", context, headers, problem.status if problem else 200)
        set_cookie(response, VISITOR_COOKIE, visitor, base_url)
        return response


async def _sign_out(visit: Visit, fields: FormData) -> Response:
    base_url = visit.deps.settings.base_url
    await sign_in.sign_out(visit.deps, visit.request.cookies[cookie_name(SESSION_COOKIE, base_url)])
    response = RedirectResponse("/sign-in", 303)
    drop_cookie(response, SESSION_COOKIE, base_url)
    return response


def _text(fields: FormData, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
