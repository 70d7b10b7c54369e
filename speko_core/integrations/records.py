"""Acting once where an app would act on every repetition: who claims the key acts, others get what came of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.ids import new_id
from speko_core.integrations import repository
from speko_core.integrations.failures import Uncertain
from speko_core.integrations.models import ActionRecord
from speko_core.integrations.ports import Ports
from speko_core.integrations.tokens import Place
from speko_core.ports.integrations import IntegrationFailed
from speko_core.types import JsonObject, JsonValue

POLL_S = 0.1
KEPT = timedelta(days=7)
# Longer than any action may take: who began it is gone.
ABANDONED = timedelta(seconds=30)
BEGUN = "it was begun before, and whether it was done is unknown; do not repeat it unasked"


async def once(ports: Ports, place: Place, key: str, act: Callable[[], Awaitable[JsonValue]]) -> JsonValue:
    """What `act` answers, or answered before under this key. The caller bounds the time.

    Raises:
        IntegrationFailed: it failed, or nobody knows how it ended.
    """
    if not await _claimed(ports, place, key):
        return await _outcome(ports, place, key)
    try:
        result = await act()
    except Uncertain:
        await _complete(ports, place, key, {})
        raise
    except IntegrationFailed:
        async with ports.database.transaction(place.organization_id) as db:
            await repository.forget(db, key)
        raise
    await _complete(ports, place, key, {"value": result})
    return result


async def _complete(ports: Ports, place: Place, key: str, result: JsonObject) -> None:
    """Keep what came of it; nothing where no answer came."""
    async with ports.database.transaction(place.organization_id) as db:
        await repository.complete(db, key, result)


async def _claimed(ports: Ports, place: Place, key: str) -> bool:
    now = ports.clock.now()
    row = ActionRecord(
        id=new_id("act"),
        organization_id=place.organization_id,
        installation_id=place.installation_id,
        key=key,
        status="started",
        created_at=now,
    )
    async with ports.database.transaction(place.organization_id) as db:
        await repository.forget_old(db, now - KEPT)
        return await _added(db, row)


async def _added(db: AsyncSession, row: ActionRecord) -> bool:
    try:
        async with db.begin_nested():
            db.add(row)
    except IntegrityError:
        return False
    return True


async def _outcome(ports: Ports, place: Place, key: str) -> JsonValue:
    """Wait for the one who acts, as long as we may."""
    while True:
        async with ports.database.transaction(place.organization_id, read_only=True) as db:
            row = await repository.record(db, key)
        if row is None:
            raise IntegrationFailed("it failed when it was tried at the same time")
        if row.status == "completed" and row.result:
            return row.result["value"]
        if row.status == "completed" or ports.clock.now() - row.created_at > ABANDONED:
            raise Uncertain(BEGUN)
        await ports.clock.sleep(POLL_S)
