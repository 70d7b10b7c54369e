"""Apps that act for people: what was let in, in which organization, and ending it."""

from dataclasses import replace

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts import oauth_consent
from speko_core.accounts.oauth_consent import OrganizationChoice
from speko_core.accounts.people_operations import APPS_LIST, APPS_REVOKE
from speko_core.deps import Deps
from speko_core.errors import NotFound
from speko_gateway.web.consent import SCOPE_WORDS
from speko_gateway.web.site import Visit, as_object, as_rows, form, page

SECTION = "/settings"
PATH = "/connected-apps"


def routes(deps: Deps) -> list[BaseRoute]:
    """`/connected-apps` and the form on it."""
    return [page(deps, PATH, _show, SECTION), form(deps, "/connected-apps/{id}/revoke", _revoke, SECTION)]


async def _show(visit: Visit) -> Response:
    """Every organization of the person: what was let in long ago, somewhere else, is what one forgets."""
    apps = [
        {"organization": choice, "app": app}
        for choice in await oauth_consent.organizations_of(visit.deps, visit.browser.user.id)
        for app in as_rows(as_object(await _acting_in(visit, choice).run(APPS_LIST))["apps"])
    ]
    context = {"apps": apps, "words": SCOPE_WORDS, "me": visit.browser.user.id}
    return await visit.show("connected_apps.html", context)


async def _revoke(visit: Visit, fields: FormData) -> Response:
    choices = await oauth_consent.organizations_of(visit.deps, visit.browser.user.id)
    choice = next((choice for choice in choices if choice.id == fields.get("organization_id")), None)
    if choice is None:
        raise NotFound("not found")
    await _acting_in(visit, choice).run(APPS_REVOKE, {"id": visit.request.path_params["id"]})
    return RedirectResponse(PATH, 303)


def _acting_in(visit: Visit, choice: OrganizationChoice) -> Visit:
    who = replace(visit.browser.principal, organization_id=choice.id, scopes=choice.scopes)
    return replace(visit, browser=replace(visit.browser, principal=who))
