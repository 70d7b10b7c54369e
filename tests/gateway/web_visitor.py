"""A person at the pages: follows no redirect by itself, sends forms with the token the page gave."""

import re
from dataclasses import dataclass

import httpx

from speko_core.accounts import sign_in
from speko_core.deps import Deps
from tests.conftest import Tenant, rest_client

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
ONCE = re.compile(r'name="once" value="([^"]+)"')


@dataclass
class Visitor:
    """A browser without scripts."""

    client: httpx.AsyncClient

    async def see(self, path: str) -> httpx.Response:
        """GET a page."""
        return await self.client.get(path)

    async def submit(self, page: str, action: str, **fields: str | list[str]) -> httpx.Response:
        """Open `page`, fill its form and post it to `action`."""
        text = (await self.see(page)).text
        patterns = {"csrf": CSRF, "once": ONCE}
        hidden = {name: found[1] for name, pattern in patterns.items() if (found := pattern.search(text))}
        return await self.client.post(action, data={**hidden, **fields})

    async def sign_in(self, deps: Deps, tenant: Tenant) -> None:
        """Use a fresh one-time link."""
        token = await link_token(deps, tenant)
        answer = await self.submit(f"/sign-in?token={token}", "/sign-in", token=token)
        assert answer.status_code == 303


async def link_token(deps: Deps, tenant: Tenant) -> str:
    """The token of a fresh one-time link for the tenant's owner."""
    async with deps.database.transaction(None, all_organizations=True) as db:
        token, _ = await sign_in.create_link(db, deps.secrets, tenant.user_id, deps.clock.now())
    return token


def visitor(deps: Deps) -> Visitor:
    """A browser that has never been here."""
    return Visitor(rest_client(deps, None))
