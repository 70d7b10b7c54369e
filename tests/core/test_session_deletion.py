"""Deleting one conversation."""

import httpx
from sqlalchemy import select

from speko_core.deps import Deps
from speko_core.sessions.models import SessionTurn
from speko_core.types import JsonObject
from speko_core.webhooks.models import WebhookDelivery
from speko_core.webhooks.service import emit
from tests.conftest import Tenant
from tests.core.sessions_kit import create, running, turn


async def test_a_session_that_is_over_is_deleted_with_everything_said_in_it(
    deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """ORG-7"""
    hook = {"status": {"url": "https://example.com/status"}}
    await rest.patch(f"/v1/agents/{tenant.agent_id}", json={"webhooks": hook})
    async with running(deps, rest, tenant.agent_id) as other, running(deps, rest, tenant.agent_id) as session:
        for each in (other, session):
            await each.post_turns(turn(0, "my card number"), turn(1, source="agent"))
            await _tell(deps, tenant, each.id)
        busy = await rest.delete(f"/v1/sessions/{session.id}")
        assert (busy.status_code, busy.json()["code"]) == (409, "SESSION_RUNNING")
        await session.finish()
        assert (await rest.delete(f"/v1/sessions/{session.id}")).json() == {"deleted": True}
        assert (await rest.get(f"/v1/sessions/{session.id}")).status_code == 404
        assert (await rest.delete(f"/v1/sessions/{session.id}")).json()["code"] == "SESSION_NOT_FOUND"
        assert (await rest.get(f"/v1/sessions/{other.id}")).json()["turnCount"] == 2
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        left = (await db.execute(select(SessionTurn.session_id).distinct())).scalars().all()
        told = (await db.execute(select(WebhookDelivery.session_id).distinct())).scalars().all()
    assert left == told == [other.id]


async def _tell(deps: Deps, tenant: Tenant, session_id: str) -> None:
    async with deps.database.transaction(tenant.organization_id) as db:
        payload: JsonObject = {"call_id": session_id, "status": "active"}
        now = deps.clock.now()
        listeners = await emit(
            db,
            tenant.organization_id,
            "call.status",
            payload,
            occurred_at=now,
            session_id=session_id,
            agent_id=tenant.agent_id,
        )
    assert listeners


async def test_a_session_that_nobody_joined_can_be_deleted(rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """ORG-7"""
    made = await create(rest, tenant.agent_id)
    assert (await rest.delete(f"/v1/sessions/{made['sessionId']}")).status_code == 200
