"""API keys: list, create (the value is shown once), revoke."""

import secrets as random

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts.operations import KEYS_CREATE, KEYS_LIST, KEYS_REVOKE
from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.types import JsonObject
from speko_gateway.web.site import Visit, as_object, as_rows, form, page

SECTION = "/keys"


def routes(deps: Deps) -> list[BaseRoute]:
    """`/keys` and the forms on it."""
    return [
        page(deps, "/keys", _show, SECTION),
        form(deps, "/keys", _create, SECTION),
        form(deps, "/keys/{id}/revoke", _revoke, SECTION),
    ]


async def _show(visit: Visit) -> Response:
    return await _list(visit)


async def _create(visit: Visit, fields: FormData) -> Response:
    """Show the new key on the answer itself; sending the form again shows the same key, not another."""
    wanted: dict[str, object] = {"name": fields.get("name"), "mode": fields.get("mode")}
    if fields.getlist("scopes"):
        wanted["scopes"] = fields.getlist("scopes")
    try:
        created = as_object(await visit.run(KEYS_CREATE, wanted, once=str(fields.get("once"))))
    except InvalidInput as error:
        return await _list(visit, problem=error)
    return await _list(visit, created=created)


async def _revoke(visit: Visit, fields: FormData) -> Response:
    await visit.run(KEYS_REVOKE, {"id": visit.request.path_params["id"]})
    return RedirectResponse("/keys", 303)


async def _list(visit: Visit, created: JsonObject | None = None, problem: InvalidInput | None = None) -> Response:
    keys = as_rows(as_object(await visit.run(KEYS_LIST))["keys"])
    context = {
        "keys": keys,
        "created": created,
        "problem": problem,
        "scopes": sorted(visit.browser.principal.scopes),
        "may_write": visit.browser.principal.may(KEYS_CREATE.scope),
        "once": random.token_urlsafe(18),
    }
    return await visit.show("keys.html", context, problem.status if problem else 200)
