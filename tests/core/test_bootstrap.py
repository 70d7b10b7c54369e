"""The first start: who seeds, what exists afterwards, and whose database this is."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase

from speko_core.accounts import sign_in
from speko_core.accounts.authentication import authenticate
from speko_core.accounts.models import ApiKey, Installation, Membership, Organization, User
from speko_core.agents.models import Agent
from speko_core.bootstrap import OWNER_EMAIL, FirstStart, prepare
from speko_core.deps import Deps, build_deps
from speko_core.errors import ConfigurationError
from speko_core.settings import Settings


@pytest.fixture
async def fresh(untouched: Settings) -> AsyncIterator[Deps]:
    """Ports on a database that nobody has touched."""
    deps = build_deps(untouched)
    yield deps
    await deps.aclose()


async def count(deps: Deps, table: type[DeclarativeBase]) -> int:
    async with deps.database.transaction(None, all_organizations=True) as db:
        return (await db.execute(select(func.count()).select_from(table))).scalar_one()


async def test_the_first_start_seeds_one_organization_with_its_default_agent(fresh: Deps) -> None:
    """ORG-2: an organization, its owner without a password, the `Default` agent, and two keys."""
    first = await prepare(fresh)
    assert first is not None
    async with fresh.database.transaction(None, all_organizations=True) as db:
        organization = (await db.execute(select(Organization))).scalar_one()
        owner = (await db.execute(select(User))).scalar_one()
        agent = (await db.execute(select(Agent))).scalar_one()
        membership = (await db.execute(select(Membership))).scalar_one()
        keys = (await db.execute(select(ApiKey))).scalars().all()
    assert (organization.name, agent.name, agent.organization_id) == ("My organization", "Default", organization.id)
    assert (owner.email, owner.password_hash) == (OWNER_EMAIL, None)
    assert (membership.user_id, membership.role, membership.organization_id) == (owner.id, "owner", organization.id)
    assert sorted(key.mode for key in keys) == ["live", "test"]


async def test_what_the_first_start_shows_works(fresh: Deps) -> None:
    """ORG-3: both keys authenticate in their mode; the link signs in once."""
    first = await prepare(fresh)
    assert first is not None
    modes = [(await authenticate(fresh, key)).mode for key in (first.test_key, first.live_key)]
    assert modes == ["test", "live"]
    token = first.sign_in_url.partition("?token=")[2]
    browser = await sign_in.browser(fresh, await sign_in.by_link(fresh, token))
    assert browser is not None
    assert browser.user.email == OWNER_EMAIL


async def test_a_second_start_changes_and_shows_nothing(fresh: Deps) -> None:
    """ORG-3: keys are shown once."""
    await prepare(fresh)
    assert await prepare(fresh) is None
    assert [await count(fresh, table) for table in (Organization, User, Agent)] == [1, 1, 1]


async def test_several_processes_starting_at_once_seed_once(untouched: Settings) -> None:
    """OPS-1: whoever comes first seeds; the others find it done."""
    processes = [build_deps(untouched) for _ in range(4)]
    try:
        results = await asyncio.gather(*(prepare(deps) for deps in processes))
        assert sum(isinstance(result, FirstStart) for result in results) == 1
        assert [await count(processes[0], table) for table in (Organization, User, Agent)] == [1, 1, 1]
        assert await count(processes[0], Installation) == 1
    finally:
        for deps in processes:
            await deps.aclose()


async def test_a_database_written_under_another_master_key_is_refused(fresh: Deps, untouched: Settings) -> None:
    """ORG-8: a wrong key is one sentence at the start, not an unreadable secret later."""
    await prepare(fresh)
    other = untouched.model_copy(update={"master_key": None})
    (untouched.data_dir / "master.key").write_bytes(base64.b64encode(b"another master key of 32 bytes!!"))
    deps = build_deps(other)
    with refusal("another master key"):
        await prepare(deps)
    await deps.aclose()


@contextmanager
def refusal(words: str) -> Iterator[None]:
    """One sentence, holding these words."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        yield
    assert "\n" not in str(caught.value)
