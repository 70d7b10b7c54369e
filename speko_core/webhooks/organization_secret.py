"""The organization's signing secret (ORG-6): made at first use, sealed, shown once when it is rotated.

During the overlap after a rotation every request carries both signatures, so receivers can change over in their own
time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.errors import Conflict
from speko_core.ids import new_id
from speko_core.ports.secrets import Secrets
from speko_core.schemas import Nothing
from speko_core.webhooks.models import SigningSecret
from speko_core.webhooks.schemas import RetiringSecret, SigningSecretRotate, SigningSecretState, SigningSecretValue
from speko_core.webhooks.sealing import open_secret, seal_secret
from speko_core.webhooks.signing import new_secret


async def signing_secrets(deps: Deps, organization_id: str) -> list[str]:
    """What to sign with now, newest first. Opens its own transactions: one to read, one more at first use."""
    async with deps.database.transaction(organization_id, read_only=True) as db:
        rows = await _signing(db, organization_id, deps.clock.now())
    if not rows:
        rows = [await _first(deps, organization_id)]
    opened = (open_secret(deps.secrets, row, row.sealed) for row in rows)
    return [secret for secret in opened if secret is not None]


async def state(ctx: Ctx, data: Nothing) -> SigningSecretState:
    """Whether there is one, since when, and which older ones still sign."""
    return _state(await _signing(ctx.db, ctx.organization_id, ctx.now()))


async def rotate(ctx: Ctx, data: SigningSecretRotate) -> SigningSecretValue:
    """A new secret, shown in this answer only; those before it go on signing for the overlap.

    Raises:
        Conflict: another request rotated at the same moment.
    """
    now = ctx.now()
    until = now + timedelta(seconds=data.overlap_seconds)
    for row in await _signing(ctx.db, ctx.organization_id, now):
        row.retires_at = min(row.retires_at or until, until)
    secret = new_secret()
    row = await _next(ctx.db, ctx.deps.secrets, ctx.organization_id, secret, now)
    ctx.db.add(row)
    try:
        await ctx.db.flush()
    except IntegrityError:
        raise Conflict("The signing secret was rotated by another request at the same time.") from None
    ctx.resource_id = row.id
    rows = await _signing(ctx.db, ctx.organization_id, now)
    return SigningSecretValue(**_state(rows).model_dump(), secret=secret)


async def _signing(db: AsyncSession, organization_id: str, now: datetime) -> Sequence[SigningSecret]:
    alive = or_(SigningSecret.retires_at.is_(None), SigningSecret.retires_at > now)
    statement = select(SigningSecret).where(SigningSecret.organization_id == organization_id, alive)
    return (await db.execute(statement.order_by(SigningSecret.generation.desc()))).scalars().all()


async def _next(db: AsyncSession, secrets: Secrets, organization_id: str, secret: str, now: datetime) -> SigningSecret:
    newest = select(func.max(SigningSecret.generation)).where(SigningSecret.organization_id == organization_id)
    row_id = new_id("whsec")
    return SigningSecret(
        id=row_id,
        organization_id=organization_id,
        generation=((await db.execute(newest)).scalar_one() or 0) + 1,
        sealed=seal_secret(secrets, organization_id, row_id, secret),
        created_at=now,
    )


async def _first(deps: Deps, organization_id: str) -> SigningSecret:
    async with deps.database.transaction(organization_id) as db:
        try:
            async with db.begin_nested():
                row = await _next(db, deps.secrets, organization_id, new_secret(), deps.clock.now())
                if row.generation == 1:
                    db.add(row)
                    await db.flush()
                    return row
        except IntegrityError:  # another process made the first one between our look and our write
            pass
        return (await _signing(db, organization_id, deps.clock.now()))[0]


def _state(rows: Sequence[SigningSecret]) -> SigningSecretState:
    return SigningSecretState(
        configured=bool(rows),
        created_at=rows[0].created_at if rows else None,
        previous=[
            RetiringSecret(created_at=row.created_at, signs_until=row.retires_at) for row in rows[1:] if row.retires_at
        ],
    )
