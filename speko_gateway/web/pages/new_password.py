"""A forgotten password: asking for a mail, and choosing a new one by the link in it."""

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts import mailed_links, passwords
from speko_core.deps import Deps
from speko_core.errors import InvalidInput, RateLimited
from speko_gateway.web.guests import Guest, guest_form, guest_page, text
from speko_gateway.web.site import client_ip


def routes(deps: Deps) -> list[BaseRoute]:
    """`/forgot-password` and `/new-password`."""
    return [
        guest_page(deps, "/forgot-password", _ask),
        guest_form(deps, "/forgot-password", _mail),
        guest_page(deps, "/new-password", _choose),
        guest_form(deps, "/new-password", _store),
    ]


async def _ask(guest: Guest) -> Response:
    return guest.show("forgot_password.html", {"mail_works": guest.deps.mail.works, "sent": False})


async def _mail(guest: Guest, fields: FormData) -> Response:
    """Answer first: neither the words nor the time say whether the address has an account."""
    context = {"mail_works": guest.deps.mail.works, "sent": guest.deps.mail.works}
    try:
        await mailed_links.admit(guest.deps, client_ip(guest.request))
    except RateLimited as error:
        return guest.show("forgot_password.html", {**context, "sent": False}, error)
    response = guest.show("forgot_password.html", context)
    response.background = BackgroundTask(mailed_links.mail_reset, guest.deps, text(fields, "email"))
    return response


async def _choose(guest: Guest) -> Response:
    return await _form(guest, guest.request.query_params.get("token", ""))


async def _store(guest: Guest, fields: FormData) -> Response:
    token = text(fields, "token")
    try:
        await mailed_links.reset(guest.deps, token, text(fields, "password"))
    except InvalidInput as error:
        return await _form(guest, token, error)
    return RedirectResponse("/sign-in?done=password", 303)


async def _form(guest: Guest, token: str, problem: InvalidInput | None = None) -> Response:
    email = await mailed_links.address_of(guest.deps, "reset", token)
    context = {"token": token, "email": email, "minimum": passwords.MIN_PASSWORD}
    return guest.show("new_password.html", context, problem)
