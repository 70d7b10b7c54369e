"""What page handlers are given: a signed-in visit that runs operations and renders pages.

A handler decides what to show; who may do it and what happens is `execute`'s, as for every other door.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from speko_core.accounts import sign_in
from speko_core.accounts.operations import WHO_AM_I
from speko_core.accounts.sign_in import Browser
from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.execute import Caller, execute
from speko_core.ids import new_id
from speko_core.operations import AnyOperation
from speko_core.types import JsonObject, JsonValue
from speko_gateway.web.headers import page_headers
from speko_gateway.web.render import html
from speko_gateway.web.requests import SESSION_COOKIE, check_csrf, check_origin, cookie_name

LONGEST_FIELD = 65_536
MOST_FIELDS = 60


@dataclass(frozen=True)
class Viewer:
    """Who the frame of the page names."""

    email: str
    organization_name: str


@dataclass(frozen=True)
class Visit:
    """One request of a signed-in person."""

    request: Request
    deps: Deps
    browser: Browser
    section: str

    async def run(
        self, operation: AnyOperation, fields: Mapping[str, object] | None = None, *, once: str | None = None
    ) -> JsonValue:
        """Execute an operation as this person. `once` makes a repeated form answer what it answered first.

        Raises:
            SpekoError: every expected failure.
        """
        caller = Caller(self.browser.principal, "web", request_id(self.request), client_ip(self.request), once)
        return (await execute(operation, fields or {}, caller, self.deps)).value

    async def show(self, template: str, context: Mapping[str, object], status: int = 200) -> Response:
        """Render a page of the dashboard around `context`."""
        who = as_object(await self.run(WHO_AM_I))
        frame = {
            "viewer": Viewer(self.browser.user.email, str(who["organizationName"])),
            "current": self.section,
            "csrf": self.browser.csrf,
        }
        return html(template, {**frame, **context}, page_headers(self.deps.settings.base_url), status)


Show: TypeAlias = Callable[[Visit], Awaitable[Response]]
Submit: TypeAlias = Callable[[Visit, FormData], Awaitable[Response]]


async def browser_of(request: Request, deps: Deps) -> Browser | None:
    """The signed-in browser behind the request's cookie, or None."""
    cookie = request.cookies.get(cookie_name(SESSION_COOKIE, deps.settings.base_url))
    return await sign_in.browser(deps, cookie) if cookie else None


async def read_form(request: Request) -> FormData:
    """The fields of a posted form; files are refused."""
    return await request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)


def page(deps: Deps, path: str, show: Show, section: str = "") -> Route:
    """A GET page for signed-in people; others are sent to sign in and come back."""

    async def handle(request: Request) -> Response:
        browser = await browser_of(request, deps)
        if browser is None:
            return _to_sign_in(request)
        return await _answer(Visit(request, deps, browser, section or path), show)

    return Route(path, handle, methods=["GET"], include_in_schema=False)


def form(deps: Deps, path: str, submit: Submit, section: str = "") -> Route:
    """A posted form of signed-in people, from our own page only."""

    async def handle(request: Request) -> Response:
        browser = await browser_of(request, deps)
        if browser is None:
            return RedirectResponse("/sign-in", 303)

        async def checked(visit: Visit) -> Response:
            check_origin(request, deps.settings.base_url)
            fields = await read_form(request)
            check_csrf(visit.browser.csrf, fields.get("csrf"))
            return await submit(visit, fields)

        return await _answer(Visit(request, deps, browser, section or path), checked)

    return Route(path, handle, methods=["POST"], include_in_schema=False)


async def _answer(visit: Visit, show: Show) -> Response:
    try:
        return await show(visit)
    except SpekoError as error:
        return error_page(visit.deps, error)


def error_page(deps: Deps, error: SpekoError) -> Response:
    """What went wrong and what to do, as a page."""
    headers = page_headers(deps.settings.base_url)
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    return html("error.html", {"error": error}, headers, error.status)


def _to_sign_in(request: Request) -> Response:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(target, safe='/')}", 303)


def request_id(request: Request) -> str:
    """The id the request carries through the logs."""
    carried: object = request.scope.get("state", {}).get("request_id")
    return carried if isinstance(carried, str) else new_id("req")


def client_ip(request: Request) -> str:
    """Where the request came from."""
    return request.client.host if request.client else ""


def as_object(value: JsonValue) -> JsonObject:
    """A rendered answer that is an object."""
    assert isinstance(value, dict)
    return value


def as_rows(value: JsonValue) -> list[JsonObject]:
    """A rendered answer that is a list of objects."""
    assert isinstance(value, list)
    return [as_object(row) for row in value]
