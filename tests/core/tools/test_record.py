"""The record of calls, on both engines: one claim wins, and what it came to is there for everybody."""

import asyncio

from speko_core.deps import Deps
from speko_core.toolrun.outcome import Outcome
from speko_core.toolrun.record import LOST, Claim, claim, finish, late_results, outcome_of
from tests.conftest import Tenant, rest_client


async def _session(deps: Deps, tenant: Tenant) -> str:
    async with rest_client(deps, tenant.key) as rest:
        return str((await rest.post("/v1/sessions", json={"agentId": tenant.agent_id})).json()["sessionId"])


def _wanted(tenant: Tenant, session_id: str, key: str, *, asynchronous: bool = False) -> Claim:
    organization, agent = tenant.organization_id, tenant.agent_id
    return Claim(organization, session_id, agent, key, "lookup_pet", "webhook", "{}", asynchronous)


async def _claimed(deps: Deps, wanted: Claim) -> bool:
    async with deps.database.transaction(wanted.organization_id) as db:
        return await claim(deps, wanted, db)


async def test_of_many_claims_at_once_one_wins_and_all_learn_the_outcome(deps: Deps, tenant: Tenant) -> None:
    """AGT-3: whoever loses waits for the winner."""
    wanted = _wanted(tenant, await _session(deps, tenant), "k" * 64)
    won = await asyncio.gather(*(_claimed(deps, wanted) for _ in range(5)))
    assert sorted(won) == [False, False, False, False, True]
    waiting = asyncio.create_task(outcome_of(deps, tenant.organization_id, wanted.key, 10))
    await finish(deps, tenant.organization_id, wanted.key, Outcome("Luna", failed=True))
    assert await waiting == Outcome("Luna", failed=True)


async def test_a_call_whose_maker_is_gone_is_not_repeated(deps: Deps, tenant: Tenant) -> None:
    """AGT-3: whether it took effect is unknown, and the model is told so."""
    wanted = _wanted(tenant, await _session(deps, tenant), "k" * 64)
    assert await _claimed(deps, wanted)
    assert await outcome_of(deps, tenant.organization_id, wanted.key, 0.0) == Outcome(LOST, failed=True)


async def test_only_ended_asynchronous_calls_are_news(deps: Deps, tenant: Tenant) -> None:
    """AGT-3: the newest, oldest first."""
    session_id = await _session(deps, tenant)
    for name in "abcd":
        await _claimed(deps, _wanted(tenant, session_id, name * 64, asynchronous=name != "d"))
    for name in "abd":
        await finish(deps, tenant.organization_id, name * 64, Outcome(name))
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        assert [row.result for row in await late_results(db, session_id, 5)] == ["a", "b"]
        assert [row.result for row in await late_results(db, session_id, 1)] == ["b"]
