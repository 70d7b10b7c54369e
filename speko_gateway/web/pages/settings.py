"""The organization's name; the password, the organizations and the outside identity of the person signed in."""

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts import oauth_consent, outside, passwords, sign_in
from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.organizations.operations import GET as ORGANIZATION_GET
from speko_core.organizations.operations import UPDATE as ORGANIZATION_UPDATE
from speko_gateway.web.guests import text
from speko_gateway.web.pages.outside import connect_url
from speko_gateway.web.requests import SESSION_COOKIE, cookie_name, drop_cookie
from speko_gateway.web.site import Visit, as_object, form, page

SECTION = "/settings"
DONE = {
    "saved": "The organization's settings are saved.",
    "connected": "You can sign in without a password from now on.",
}


def routes(deps: Deps) -> list[BaseRoute]:
    """`/settings` and the forms on it."""
    return [
        page(deps, "/settings", _show, SECTION),
        form(deps, "/settings/organization", _save_organization, SECTION),
        form(deps, "/settings/password", _set_password, SECTION),
        form(deps, "/organizations/{id}/switch", _switch, SECTION),
    ]


async def _show(visit: Visit) -> Response:
    return await _page(visit)


async def _save_organization(visit: Visit, fields: FormData) -> Response:
    try:
        await visit.run(ORGANIZATION_UPDATE, {"name": fields.get("name")})
    except InvalidInput as error:
        return await _page(visit, error)
    return RedirectResponse("/settings?done=saved", 303)


async def _set_password(visit: Visit, fields: FormData) -> Response:
    """Changing the password ends every browser session, this one too, and every connected app."""
    try:
        await passwords.change_password(
            visit.deps, visit.browser.user, text(fields, "current"), text(fields, "password")
        )
    except InvalidInput as error:
        return await _page(visit, error)
    response = RedirectResponse("/sign-in", 303)
    drop_cookie(response, SESSION_COOKIE, visit.deps.settings.base_url)
    return response


async def _switch(visit: Visit, fields: FormData) -> Response:
    cookie = visit.request.cookies[cookie_name(SESSION_COOKIE, visit.deps.settings.base_url)]
    await sign_in.switch_organization(visit.deps, cookie, visit.request.path_params["id"])
    return RedirectResponse("/", 303)


async def _outside(visit: Visit) -> dict[str, object] | None:
    """The provider people may sign in with, if there is one."""
    settings = visit.deps.settings
    if not settings.oidc_issuer:
        return None
    connected = await outside.is_connected(visit.deps, visit.browser.user.id)
    return {"name": settings.oidc_name, "connected": connected, "url": connect_url(visit.deps, visit.browser)}


async def _page(visit: Visit, problem: InvalidInput | None = None) -> Response:
    done = DONE.get(visit.request.query_params.get("done", ""))
    context = {
        "organization": as_object(await visit.run(ORGANIZATION_GET)),
        "organizations": await oauth_consent.organizations_of(visit.deps, visit.browser.user.id),
        "outside": await _outside(visit),
        "email": visit.browser.user.email,
        "has_password": visit.browser.user.password_hash is not None,
        "may_write": visit.browser.principal.may(ORGANIZATION_UPDATE.scope),
        "minimum": passwords.MIN_PASSWORD,
        "problem": problem,
        "flash": {"tone": "info", "text": done} if done else None,
    }
    return await visit.show("settings.html", context, problem.status if problem else 200)
