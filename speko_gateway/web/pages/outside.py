"""Signing in at an outside OpenID provider: the way there, and the way back.

What must survive the round trip (state, nonce, PKCE verifier, where to go on) is sealed into a cookie of ten minutes,
so that an answer counts only in the browser that asked.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypedDict, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.accounts import outside
from speko_core.accounts.sign_in import Browser
from speko_core.deps import Deps
from speko_core.errors import Forbidden, NotFound, Unauthorized
from speko_gateway.web.guests import Guest, guest_page
from speko_gateway.web.openid import OpenIdProvider
from speko_gateway.web.requests import cookie_name, drop_cookie, safe_next, set_cookie
from speko_gateway.web.site import browser_of, client_ip

PATH, CALLBACK = "/sign-in/outside", "/sign-in/outside/callback"
COOKIE = "speko_outside"
COOKIE_AGE_S = 600
PURPOSE = "outside-connect"


class _Trip(TypedDict):
    """What the cookie holds; `user_id` when a signed-in person connects an identity."""

    session: dict[str, object]
    next: str
    user_id: str


def routes(deps: Deps) -> list[BaseRoute]:
    """The way there and the way back, where a provider is configured."""
    if not deps.settings.oidc_issuer:
        return []
    door = _Door(deps, OpenIdProvider(deps.settings))
    return [guest_page(deps, PATH, door.leave), guest_page(deps, CALLBACK, door.come_back)]


def connect_url(deps: Deps, browser: Browser) -> str:
    """Where a signed-in person starts; the mark keeps other sites from starting it for them."""
    return f"{PATH}?connect={_mark(deps, browser)}"


def _mark(deps: Deps, browser: Browser) -> str:
    return deps.secrets.sign(browser.csrf.encode(), purpose=PURPOSE)


class _Door:
    def __init__(self, deps: Deps, provider: OpenIdProvider) -> None:
        self._deps, self._provider = deps, provider

    async def leave(self, guest: Guest) -> Response:
        """Send the browser to the provider."""
        request, base_url = guest.request, self._deps.settings.base_url
        trip = _Trip(
            session={}, next=safe_next(request.query_params.get("next")), user_id=await self._connecting(request)
        )
        request.scope["session"] = trip["session"]
        response = await self._provider.leave(request, f"{base_url}{CALLBACK}")
        set_cookie(response, COOKIE, self._sealed(trip), base_url, COOKIE_AGE_S)
        return response

    async def come_back(self, guest: Guest) -> Response:
        """Check what the provider says, then sign in or connect."""
        request, base_url = guest.request, self._deps.settings.base_url
        trip = self._opened(request.cookies.get(cookie_name(COOKIE, base_url), ""))
        request.scope["session"] = trip["session"]
        person = await self._provider.come_back(request)
        response = await self._go_on(guest, trip, person)
        drop_cookie(response, COOKIE, base_url)
        return response

    async def _go_on(self, guest: Guest, trip: _Trip, person: outside.OutsidePerson) -> Response:
        if not trip["user_id"]:
            cookie = await outside.enter(self._deps, person, client_ip=client_ip(guest.request))
            return guest.enter(cookie, trip["next"])
        browser = await browser_of(guest.request, self._deps)
        if browser is None or browser.user.id != trip["user_id"]:
            raise Forbidden("You signed out in the meantime.", hint="Sign in and start again under Settings.")
        await outside.connect(self._deps, browser.user.id, person)
        return RedirectResponse("/settings?done=connected", 303)

    async def _connecting(self, request: Request) -> str:
        """The person who connects an identity, or nobody: then it is a sign-in."""
        mark = request.query_params.get("connect")
        if mark is None:
            return ""
        browser = await browser_of(request, self._deps)
        if browser is None or not self._deps.secrets.verify(browser.csrf.encode(), mark, purpose=PURPOSE):
            raise NotFound("not found", hint="Start under Settings.")
        return browser.user.id

    def _sealed(self, trip: _Trip) -> str:
        return urlsafe_b64encode(self._deps.secrets.seal(json.dumps(trip).encode(), bound_to=COOKIE)).decode()

    def _opened(self, cookie: str) -> _Trip:
        try:
            return cast(_Trip, json.loads(self._deps.secrets.open(urlsafe_b64decode(cookie), bound_to=COOKIE)))
        except ValueError:
            raise Unauthorized("This sign-in has expired.", hint="Start again on the sign-in page.") from None
