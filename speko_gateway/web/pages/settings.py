"""The organization's name, its members, and the password of the person signed in."""

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts import sign_in
from speko_core.accounts.people_operations import MEMBERS_LIST
from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.organizations.operations import GET as ORGANIZATION_GET
from speko_core.organizations.operations import UPDATE as ORGANIZATION_UPDATE
from speko_gateway.web.requests import SESSION_COOKIE, drop_cookie
from speko_gateway.web.site import Visit, as_object, as_rows, form, page

SECTION = "/settings"
DONE = {"saved": "The organization's settings are saved."}


def routes(deps: Deps) -> list[BaseRoute]:
    """`/settings` and the forms on it."""
    return [
        page(deps, "/settings", _show, SECTION),
        form(deps, "/settings/organization", _save_organization, SECTION),
        form(deps, "/settings/password", _set_password, SECTION),
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
    """Changing the password ends every browser session, this one too."""
    try:
        await sign_in.set_password(visit.deps, visit.browser.user.id, str(fields.get("password", "")))
    except InvalidInput as error:
        return await _page(visit, error)
    response = RedirectResponse("/sign-in", 303)
    drop_cookie(response, SESSION_COOKIE, visit.deps.settings.base_url)
    return response


async def _page(visit: Visit, problem: InvalidInput | None = None) -> Response:
    done = DONE.get(visit.request.query_params.get("done", ""))
    context = {
        "organization": as_object(await visit.run(ORGANIZATION_GET)),
        "members": as_rows(as_object(await visit.run(MEMBERS_LIST))["members"]),
        "email": visit.browser.user.email,
        "has_password": visit.browser.user.password_hash is not None,
        "may_write": visit.browser.principal.may(ORGANIZATION_UPDATE.scope),
        "minimum": sign_in.MIN_PASSWORD,
        "problem": problem,
        "flash": {"tone": "info", "text": done} if done else None,
    }
    return await visit.show("settings.html", context, problem.status if problem else 200)
