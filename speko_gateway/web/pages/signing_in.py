"""Signing in by one-time link or password, and signing out."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from speko_core.accounts import sign_in
from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_gateway.web.guests import Guest, guest_form, text
from speko_gateway.web.requests import SESSION_COOKIE, cookie_name, drop_cookie, safe_next
from speko_gateway.web.site import Visit, browser_of, form

DONE = {"password": "Your password is changed. Sign in with it."}


def routes(deps: Deps) -> list[BaseRoute]:
    """`/sign-in` and `/sign-out`."""

    async def show(request: Request) -> Response:
        """The form; with `?token=` a single button, so that link previews do not use the link up."""
        target = safe_next(request.query_params.get("next"))
        token = request.query_params.get("token", "")
        if not token and await browser_of(request, deps) is not None:
            return RedirectResponse(target, 303)
        return _page(Guest(request, deps), target, token)

    return [
        Route("/sign-in", show, methods=["GET"]),
        guest_form(deps, "/sign-in", _submit),
        form(deps, "/sign-out", _sign_out),
    ]


async def _submit(guest: Guest, fields: FormData) -> Response:
    """Sign in and go on to `next`."""
    target = safe_next(text(fields, "next"))
    try:
        cookie = await _sign_in(guest.deps, fields)
    except SpekoError as error:
        return _page(guest, target, "", problem=error, email=text(fields, "email"))
    return guest.enter(cookie, target)


async def _sign_in(deps: Deps, fields: FormData) -> str:
    if token := text(fields, "token"):
        return await sign_in.by_link(deps, token)
    return await sign_in.by_password(deps, text(fields, "email"), text(fields, "password"))


def _page(guest: Guest, target: str, token: str, problem: SpekoError | None = None, email: str = "") -> Response:
    settings = guest.deps.settings
    done = DONE.get(guest.request.query_params.get("done", ""))
    context = {
        "next": target,
        "token": token,
        "email": email,
        "mail_works": guest.deps.mail.works,
        "may_sign_up": settings.sign_up == "open",
        "outside": settings.oidc_name if settings.oidc_issuer else "",
        "flash": {"tone": "info", "text": done} if done else None,
    }
    return guest.show("sign_in.html", context, problem)


async def _sign_out(visit: Visit, fields: FormData) -> Response:
    base_url = visit.deps.settings.base_url
    await sign_in.sign_out(visit.deps, visit.request.cookies[cookie_name(SESSION_COOKIE, base_url)])
    response = RedirectResponse("/sign-in", 303)
    drop_cookie(response, SESSION_COOKIE, base_url)
    return response
