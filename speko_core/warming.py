"""Reading an organization's standing: the asynchronous step before everything that decides without waiting."""

from collections.abc import Mapping
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.byok import repository as byok
from speko_core.byok.sealing import open_key
from speko_core.deps import Deps
from speko_core.metering import repository as metering
from speko_core.providers.base import Credential, Modality
from speko_core.routing import decisions_repository as routing
from speko_core.routing.policies import PolicySettings, effective
from speko_core.routing.policy import Policy
from speko_core.standing import OwnKey, Standing


async def warm(deps: Deps, organization_id: str) -> Standing:
    """What holds for the organization now; nothing is read when it was read a moment ago."""
    return await deps.standings.fresh(organization_id, partial(_load, deps))


async def warm_within(deps: Deps, organization_id: str, db: AsyncSession) -> Standing:
    """The same, read in a transaction that is open already.

    Who holds one must not ask for another: under load every connection would be held by somebody who waits for one.
    """
    return await deps.standings.fresh_within(organization_id, partial(_read, deps, db))


async def _load(deps: Deps, organization_id: str) -> Standing:
    async with deps.database.transaction(organization_id, read_only=True) as db:
        return await _read(deps, db, organization_id)


async def _read(deps: Deps, db: AsyncSession, organization_id: str) -> Standing:
    funds, limit = await metering.funds(db)
    deps.credit.load(organization_id, funds, limit)
    return Standing(await deps.snapshots.active(db), await _keys(deps, db), await _policies(db))


async def _keys(deps: Deps, db: AsyncSession) -> Mapping[str, OwnKey]:
    opened = [(row, open_key(deps.secrets, row)) for row in await byok.keys(db)]
    return {
        row.provider: OwnKey(row.id, Credential(api_key, "BYOK", deps.settings.provider_urls.get(row.provider)))
        for row, api_key in opened
        if api_key is not None
    }


async def _policies(db: AsyncSession) -> Mapping[Modality, Policy]:
    rows = [(Modality(row.modality), row.settings) for row in await routing.policies(db)]
    return {modality: effective(modality, PolicySettings.model_validate(stored)) for modality, stored in rows}
