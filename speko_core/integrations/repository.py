"""Every query about integrations."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.integrations.models import ActionRecord, Installation, PendingConnection
from speko_core.integrations.schemas import InstallationList
from speko_core.pagination import after
from speko_core.types import JsonObject


async def installation(db: AsyncSession, installation_id: str) -> Installation | None:
    """One installation of the organization."""
    return (await db.execute(select(Installation).where(Installation.id == installation_id))).scalar_one_or_none()


async def locked(db: AsyncSession, installation_id: str) -> Installation | None:
    """The same, held against other writers until the end of the transaction."""
    statement = select(Installation).where(Installation.id == installation_id).with_for_update()
    return (await db.execute(statement)).scalar_one_or_none()


async def of_account(db: AsyncSession, app_key: str, account_id: str) -> Installation | None:
    """The organization's installation of this account, whatever its status; held against other writers."""
    statement = select(Installation).where(Installation.app_key == app_key, Installation.account_id == account_id)
    return (await db.execute(statement.with_for_update())).scalar_one_or_none()


async def page(db: AsyncSession, query: InstallationList) -> Sequence[Installation]:
    """One row more than the page holds, newest first."""
    statement = select(Installation)
    if query.app is not None:
        statement = statement.where(Installation.app_key == query.app)
    if query.status is not None:
        statement = statement.where(Installation.status == query.status)
    statement = after(statement, Installation.created_at, Installation.id, query.cursor)
    return (await db.execute(statement.limit(query.limit + 1))).scalars().all()


async def pending(db: AsyncSession, digest: str) -> PendingConnection | None:
    """A connection that waits for its browser."""
    statement = select(PendingConnection).where(PendingConnection.digest == digest)
    return (await db.execute(statement)).scalar_one_or_none()


async def take_pending(db: AsyncSession, digest: str) -> PendingConnection | None:
    """The same, for the first who asks; nobody gets it again."""
    statement = delete(PendingConnection).where(PendingConnection.digest == digest).returning(PendingConnection)
    taken = statement.execution_options(synchronize_session=False)
    return (await db.execute(taken)).scalar_one_or_none()


async def forget_pending(db: AsyncSession, before: datetime) -> None:
    """Delete the organization's connections that nobody came back for."""
    statement = delete(PendingConnection).where(PendingConnection.expires_at < before)
    await db.execute(statement.execution_options(synchronize_session=False))


async def record(db: AsyncSession, key: str) -> ActionRecord | None:
    """What is known of the action with this key."""
    return (await db.execute(select(ActionRecord).where(ActionRecord.key == key))).scalar_one_or_none()


async def complete(db: AsyncSession, key: str, result: JsonObject) -> None:
    """The action was carried out."""
    statement = update(ActionRecord).where(ActionRecord.key == key).values(status="completed", result=result)
    await db.execute(statement.execution_options(synchronize_session=False))


async def forget(db: AsyncSession, key: str) -> None:
    """The action was not carried out: it may be tried again."""
    statement = delete(ActionRecord).where(ActionRecord.key == key)
    await db.execute(statement.execution_options(synchronize_session=False))


async def forget_old(db: AsyncSession, before: datetime) -> None:
    """Delete the organization's records that no repetition can ask for any more."""
    statement = delete(ActionRecord).where(ActionRecord.created_at < before)
    await db.execute(statement.execution_options(synchronize_session=False))
