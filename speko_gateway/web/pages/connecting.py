"""Letting an app in: the person signs in, sees who asks for what, and decides."""

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts import oauth_consent
from speko_core.deps import Deps
from speko_gateway.web.consent import ConsentRequest, OrganizationChoice, consent_page
from speko_gateway.web.site import Visit, client_ip, form, page

PATH = "/oauth/consent"


def routes(deps: Deps) -> list[BaseRoute]:
    """The question and the answer."""
    return [page(deps, PATH, _ask), form(deps, PATH, _decide)]


async def _ask(visit: Visit) -> Response:
    pending = await oauth_consent.load_request(visit.deps, visit.request.query_params.get("request", ""))
    choices = await oauth_consent.organizations_of(visit.deps, visit.browser.user.id)
    acting = visit.browser.principal.organization_id
    question = ConsentRequest(
        request_id=pending.request_id,
        client_name=pending.client_name,
        redirect_uri=pending.redirect_uri,
        redirect_host=pending.redirect_host,
        loopback=pending.loopback,
        scopes=pending.scopes,
        toolsets=pending.toolsets,
        organizations=[
            OrganizationChoice(choice.id, choice.name, choice.role)
            for choice in sorted(choices, key=lambda choice: choice.id != acting)
        ],
        email=visit.browser.user.email,
        csrf=visit.browser.csrf,
    )
    return consent_page(question, visit.deps.settings.base_url)


async def _decide(visit: Visit, fields: FormData) -> Response:
    request_id = str(fields.get("request_id", ""))
    if fields.get("decision") != "approve":
        return RedirectResponse(await oauth_consent.deny(visit.deps, request_id), 303)
    target = await oauth_consent.approve(
        visit.deps,
        request_id,
        visit.browser.user.id,
        str(fields.get("organization_id", "")),
        client_ip=client_ip(visit.request),
    )
    return RedirectResponse(target, 303)
