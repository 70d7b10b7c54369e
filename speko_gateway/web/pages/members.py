"""Who belongs to the organization: members and their roles, invitations."""

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts.people_operations import (
    INVITATIONS_LIST,
    INVITATIONS_REVOKE,
    MEMBERS_INVITE,
    MEMBERS_LIST,
    MEMBERS_REMOVE,
    MEMBERS_UPDATE,
)  # fmt: skip
from speko_core.accounts.roles import ROLES
from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.types import JsonObject
from speko_gateway.web.site import Visit, as_object, as_rows, form, page

SECTION = "/settings"
PATH = "/members"


def routes(deps: Deps) -> list[BaseRoute]:
    """`/members` and the forms on it."""
    return [
        page(deps, PATH, _show, SECTION),
        form(deps, PATH, _invite, SECTION),
        form(deps, "/members/{id}/role", _change_role, SECTION),
        form(deps, "/members/{id}/remove", _remove, SECTION),
        form(deps, "/invitations/{id}/revoke", _revoke, SECTION),
    ]


async def _show(visit: Visit) -> Response:
    return await _list(visit)


async def _invite(visit: Visit, fields: FormData) -> Response:
    """Show the link on the answer itself: it is shown this once."""
    try:
        wanted = {"email": fields.get("email"), "role": fields.get("role")}
        return await _list(visit, invited=as_object(await visit.run(MEMBERS_INVITE, wanted)))
    except SpekoError as error:
        return await _list(visit, problem=error)


async def _change_role(visit: Visit, fields: FormData) -> Response:
    try:
        await visit.run(MEMBERS_UPDATE, {"userId": visit.request.path_params["id"], "role": fields.get("role")})
    except SpekoError as error:
        return await _list(visit, problem=error)
    return RedirectResponse(PATH, 303)


async def _remove(visit: Visit, fields: FormData) -> Response:
    try:
        await visit.run(MEMBERS_REMOVE, {"userId": visit.request.path_params["id"]})
    except SpekoError as error:
        return await _list(visit, problem=error)
    return RedirectResponse(PATH, 303)


async def _revoke(visit: Visit, fields: FormData) -> Response:
    await visit.run(INVITATIONS_REVOKE, {"id": visit.request.path_params["id"]})
    return RedirectResponse(PATH, 303)


async def _list(visit: Visit, invited: JsonObject | None = None, problem: SpekoError | None = None) -> Response:
    context = {
        "members": as_rows(as_object(await visit.run(MEMBERS_LIST))["members"]),
        "invitations": as_rows(as_object(await visit.run(INVITATIONS_LIST))["invitations"]),
        "invited": invited,
        "problem": problem,
        "roles": ROLES,
        "me": visit.browser.user.id,
        "may_write": visit.browser.principal.may(MEMBERS_INVITE.scope),
    }
    return await visit.show("members.html", context, problem.status if problem else 200)
