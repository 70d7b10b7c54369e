"""Every query about accounts."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import ApiKey, AuditEntry, Membership, Organization, User
from speko_core.accounts.schemas import AuditQuery
from speko_core.pagination import after

_NAME = select(Organization.name).where(Organization.id == bindparam("wanted"))


async def organization_name(db: AsyncSession, organization_id: str) -> str | None:
    """The organization's name; the table is not scoped, so callers pass the principal's own id.

    Asked often, so at the connection: the ORM would cost several times the query.
    """
    found = await (await db.connection()).execute(_NAME, {"wanted": organization_id})
    return found.scalar_one_or_none()


async def organizations(db: AsyncSession) -> Sequence[Organization]:
    """Every organization of the installation, oldest first; for its operator only."""
    return (await db.execute(select(Organization).order_by(Organization.created_at))).scalars().all()


async def first_organization(db: AsyncSession) -> str:
    """The organization that the installation was started with: its people run the machine."""
    first = select(Organization.id).order_by(Organization.created_at, Organization.id).limit(1)
    return (await db.execute(first)).scalar_one()


async def keys(db: AsyncSession) -> Sequence[ApiKey]:
    """The organization's keys, newest first."""
    return (await db.execute(select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id.desc()))).scalars().all()


async def key(db: AsyncSession, key_id: str) -> ApiKey | None:
    """One key of the organization."""
    return (await db.execute(select(ApiKey).where(ApiKey.id == key_id))).scalar_one_or_none()


async def user_by_email(db: AsyncSession, email: str) -> User | None:
    """The user with this address, whatever its case."""
    return (await db.execute(select(User).where(User.email == email.strip().lower()))).scalar_one_or_none()


async def members(db: AsyncSession) -> Sequence[tuple[Membership, User]]:
    """Members of the organization with their users, oldest first."""
    statement = select(Membership, User).join(User, User.id == Membership.user_id).order_by(Membership.created_at)
    return [(membership, user) for membership, user in (await db.execute(statement)).all()]


async def membership(db: AsyncSession, organization_id: str, user_id: str) -> Membership | None:
    """A user's membership of one organization."""
    statement = select(Membership).where(Membership.organization_id == organization_id, Membership.user_id == user_id)
    return (await db.execute(statement)).scalar_one_or_none()


async def audit_page(db: AsyncSession, query: AuditQuery) -> Sequence[AuditEntry]:
    """One row more than the page, to know whether another page follows."""
    statement = after(select(AuditEntry), AuditEntry.created_at, AuditEntry.id, query.cursor).limit(query.limit + 1)
    if query.operation is not None:
        statement = statement.where(AuditEntry.operation == query.operation)
    return (await db.execute(statement)).scalars().all()
