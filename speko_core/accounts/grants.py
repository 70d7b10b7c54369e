"""Connected apps: what people let in, and how they put it out again."""

from sqlalchemy import select

from speko_core.accounts.models import User
from speko_core.accounts.oauth_models import OAuthGrant
from speko_core.accounts.schemas import GrantList, GrantRef, GrantRow
from speko_core.context import Ctx
from speko_core.errors import Forbidden, NotFound
from speko_core.schemas import Nothing

EVERYBODYS = "account:write"


async def list_grants(ctx: Ctx, data: Nothing) -> GrantList:
    """The caller's own connected apps in the organization; everybody's for who may change the account."""
    statement = (
        select(OAuthGrant, User.email)
        .join(User, User.id == OAuthGrant.user_id)
        .where(OAuthGrant.revoked_at.is_(None))
        .order_by(OAuthGrant.last_used_at.desc(), OAuthGrant.id)
    )
    if not ctx.principal.may(EVERYBODYS):
        statement = statement.where(OAuthGrant.user_id == ctx.principal.user_id)
    rows = (await ctx.db.execute(statement)).all()
    return GrantList(apps=[_row(grant, email) for grant, email in rows])


async def revoke(ctx: Ctx, data: GrantRef) -> None:
    """End an app's access at once: every token that descends from the grant is refused from now on.

    A person ends what they allowed themselves, and an app ends its own access; anything else needs `account:write`.

    Raises:
        NotFound: no grant of this id, or somebody else's.
        Forbidden: the caller is a key, or another app, that may not change the account.
    """
    grant = (await ctx.db.execute(select(OAuthGrant).where(OAuthGrant.id == data.id))).scalar_one_or_none()
    everybodys = ctx.principal.may(EVERYBODYS)
    if grant is None or not (everybodys or grant.user_id == ctx.principal.user_id):
        raise NotFound("not found", hint="List the connected apps to find an id.")
    themselves = ctx.principal.kind == "user" or ctx.principal.id == grant.id
    if not everybodys and not themselves:
        raise Forbidden(f"This credential lacks the scope {EVERYBODYS}.", hint="Revoke it in the dashboard.")
    if grant.revoked_at is None:
        grant.revoked_at = ctx.now()
    ctx.resource_id = grant.id


def _row(grant: OAuthGrant, email: str) -> GrantRow:
    return GrantRow(
        id=grant.id,
        client_id=grant.client_id,
        client_name=grant.client_name,
        redirect_host=grant.redirect_host,
        scopes=grant.scopes,
        user_id=grant.user_id,
        email=email,
        created_at=grant.created_at,
        last_used_at=grant.last_used_at,
    )
