"""An app that somebody let in, as a row: the whole way there takes a browser and an app."""

from speko_core.accounts.oauth_models import OAuthClient, OAuthGrant
from speko_core.deps import Deps
from speko_core.ids import new_id
from tests.conftest import Tenant


async def connected_app(tenant: Tenant, deps: Deps) -> str:
    """The grant of an app that the tenant's owner let in; returns its id."""
    now, grant_id = deps.clock.now(), new_id("grant")
    async with deps.database.transaction(None, all_organizations=True) as db:
        db.add(OAuthClient(id=f"client_{grant_id}", kind="registered", document={}, created_at=now))
        await db.flush()
        db.add(
            OAuthGrant(
                id=grant_id, organization_id=tenant.organization_id, user_id=tenant.user_id,
                client_id=f"client_{grant_id}", client_name="Coding agent", redirect_host="127.0.0.1:39331",
                scopes=["account:read"], resource=f"{deps.settings.base_url}/mcp", created_at=now, last_used_at=now,
            )
        )  # fmt: skip
    return grant_id
