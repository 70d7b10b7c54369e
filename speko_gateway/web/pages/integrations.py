"""Integrations: list them, send people off to connect one, and take them back in."""

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.deps import Deps
from speko_core.integrations.connecting import CALLBACK
from speko_core.integrations.operations import COMPLETE, CONNECT, DISCONNECT, INSTALLATIONS, LIST
from speko_gateway.web.site import Visit, as_object, as_rows, form, page

SECTION = "/integrations"
DONE = {"connected": "The app is connected.", "disconnected": "The app is disconnected."}
SHOWN = 100


def routes(deps: Deps) -> list[BaseRoute]:
    """`/integrations`, the forms on it, and where apps send browsers back to."""
    return [
        page(deps, "/integrations", _show, SECTION),
        page(deps, CALLBACK, _return, SECTION),
        form(deps, "/integrations/{app}/connect", _connect, SECTION),
        form(deps, "/integrations/installations/{id}/disconnect", _disconnect, SECTION),
    ]


async def _show(visit: Visit) -> Response:
    apps = as_rows(as_object(await visit.run(LIST))["apps"])
    installations = as_rows(as_object(await visit.run(INSTALLATIONS, {"limit": SHOWN}))["installations"])
    done = DONE.get(visit.request.query_params.get("done", ""))
    context = {
        "apps": apps,
        "titles": {app["key"]: app["title"] for app in apps},
        "installations": installations,
        "may_write": visit.browser.principal.may(CONNECT.scope),
        "flash": {"tone": "info", "text": done} if done else None,
    }
    return await visit.show("integrations.html", context)


async def _connect(visit: Visit, fields: FormData) -> Response:
    """A page that goes on by itself: browsers hold the redirects of a form to the policy, and apps make many."""
    wanted = as_object(await visit.run(CONNECT, {"app": visit.request.path_params["app"]}))
    titles = {app["key"]: app["title"] for app in as_rows(as_object(await visit.run(LIST))["apps"])}
    title = titles[visit.request.path_params["app"]]
    return await visit.show("integration_leave.html", {"url": wanted["url"], "title": title})


async def _return(visit: Visit) -> Response:
    """The address with the code in it must not stay in the browser's history, so it is left at once."""
    query = visit.request.query_params
    await visit.run(COMPLETE, {name: query.get(name) for name in ("state", "code", "error") if name in query})
    return RedirectResponse("/integrations?done=connected", 303)


async def _disconnect(visit: Visit, fields: FormData) -> Response:
    await visit.run(DISCONNECT, {"id": visit.request.path_params["id"]})
    return RedirectResponse("/integrations?done=disconnected", 303)
