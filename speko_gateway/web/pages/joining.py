"""Becoming somebody here: sign-up by mail, where it is open, and answering an invitation."""

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from speko_core.accounts import invitations, mailed_links, passwords, sign_in
from speko_core.accounts.sign_in import Browser
from speko_core.deps import Deps
from speko_core.errors import FieldProblem, InvalidInput, NotFound, RateLimited, SpekoError
from speko_gateway.web.guests import Guest, guest_form, guest_page, text
from speko_gateway.web.requests import SESSION_COOKIE, cookie_name
from speko_gateway.web.site import Visit, browser_of, client_ip, error_page, form

MAX_NAME = 120


def routes(deps: Deps) -> list[BaseRoute]:
    """`/sign-up`, `/join` and `/invitation`."""

    async def answer(request: Request) -> Response:
        """The invitation, for whoever looks at it: signed in as the person, as somebody else, or not at all."""
        try:
            return await _invitation(Guest(request, deps), await browser_of(request, deps))
        except SpekoError as error:
            return error_page(deps, error)

    return [
        guest_page(deps, "/sign-up", _ask),
        guest_form(deps, "/sign-up", _mail),
        guest_page(deps, "/join", _join_page),
        guest_form(deps, "/join", _join),
        Route("/invitation", answer, methods=["GET"], include_in_schema=False),
        form(deps, "/invitation", _accept),
        guest_form(deps, "/invitation/new", _accept_as_new),
    ]


async def _ask(guest: Guest) -> Response:
    _check_open(guest.deps)
    return guest.show("sign_up.html", {"sent": False})


async def _mail(guest: Guest, fields: FormData) -> Response:
    """Answer first, the same for addresses that have an account."""
    _check_open(guest.deps)
    try:
        email = mailed_links.checked_address(text(fields, "email"))
        await mailed_links.admit(guest.deps, client_ip(guest.request))
    except (InvalidInput, RateLimited) as error:
        return guest.show("sign_up.html", {"sent": False}, error)
    response = guest.show("sign_up.html", {"sent": True})
    response.background = BackgroundTask(mailed_links.mail_sign_up, guest.deps, email)
    return response


async def _join_page(guest: Guest) -> Response:
    return await _join_form(guest, guest.request.query_params.get("token", ""))


async def _join(guest: Guest, fields: FormData) -> Response:
    token, name = text(fields, "token"), text(fields, "organization").strip()
    try:
        if not 0 < len(name) <= MAX_NAME:
            problem = FieldProblem("organization", f"needs a name of at most {MAX_NAME} characters")
            raise InvalidInput(f"The organization {problem.problem}.", fields=[problem])
        cookie = await mailed_links.join(guest.deps, token, name, text(fields, "password"))
    except InvalidInput as error:
        return await _join_form(guest, token, error, name)
    return guest.enter(cookie, "/")


async def _join_form(guest: Guest, token: str, problem: InvalidInput | None = None, name: str = "") -> Response:
    email = await mailed_links.address_of(guest.deps, "sign_up", token)
    context = {"token": token, "email": email, "name": name, "minimum": passwords.MIN_PASSWORD}
    return guest.show("join.html", context, problem)


def _check_open(deps: Deps) -> None:
    if deps.settings.sign_up != "open":
        raise NotFound("not found", hint="Ask a member of your organization for an invitation.")


async def _invitation(guest: Guest, browser: Browser | None) -> Response:
    return await _invitation_page(guest, guest.request.query_params.get("token", ""), browser)


async def _invitation_page(
    guest: Guest, token: str, browser: Browser | None, problem: InvalidInput | None = None
) -> Response:
    settings = guest.deps.settings
    context: dict[str, object] = {
        "token": token,
        "invited": await invitations.look(guest.deps, token),
        "signed_in_as": browser.user.email if browser is not None else "",
        "outside": settings.oidc_name if settings.oidc_issuer else "",
        "minimum": passwords.MIN_PASSWORD,
    }
    if browser is not None:
        context["csrf"] = browser.csrf
    return guest.show("invitation.html", context, problem)


async def _accept(visit: Visit, fields: FormData) -> Response:
    """Join, and act in the new organization from here on."""
    deps, ip = visit.deps, client_ip(visit.request)
    organization_id = await invitations.accept(deps, text(fields, "token"), visit.browser.user, client_ip=ip)
    cookie = visit.request.cookies[cookie_name(SESSION_COOKIE, deps.settings.base_url)]
    await sign_in.switch_organization(deps, cookie, organization_id)
    return RedirectResponse("/", 303)


async def _accept_as_new(guest: Guest, fields: FormData) -> Response:
    token, ip = text(fields, "token"), client_ip(guest.request)
    try:
        cookie = await invitations.accept_as_new(guest.deps, token, text(fields, "password"), client_ip=ip)
    except InvalidInput as error:
        return await _invitation_page(guest, token, None, error)
    return guest.enter(cookie, "/")
