"""Connecting an account: the consent URL with a single-use state, and what the browser brings back.

A state is good for minutes, for one use, within the organization that asked, and for the person who asked. So nobody
can be led into connecting an account to somebody else's organization, nor have theirs replaced.
"""

import secrets as random
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.context import Ctx
from speko_core.errors import Conflict, NotFound, Unavailable
from speko_core.ids import new_id
from speko_core.integrations import repository
from speko_core.integrations.app import Account, App, OAuthClient
from speko_core.integrations.apps import app_of
from speko_core.integrations.models import Installation, PendingConnection
from speko_core.integrations.oauth import AppUnreachable, GrantRefused, consent_url, redeem
from speko_core.integrations.revoking import revoke_quietly
from speko_core.integrations.schemas import AppRef, ConnectUrl, InstallationRow, Return
from speko_core.integrations.sealing import seal, tokens_of
from speko_core.settings import Settings
from speko_core.types import JsonObject

PENDING = timedelta(minutes=10)
CALLBACK = "/integrations/callback"
AGAIN = "Start the connection again."


def redirect_uri(settings: Settings) -> str:
    """Where apps send the browser back to; the operator registers it at each app."""
    return settings.base_url + CALLBACK


async def connect(ctx: Ctx, data: AppRef) -> ConnectUrl:
    """Begin: remember who asked, and say where the browser goes."""
    app, client = _connectable(ctx, data.app)
    now, state, verifier = ctx.now(), random.token_urlsafe(32), random.token_urlsafe(48)
    await repository.forget_pending(ctx.db, now)
    digest = ctx.deps.secrets.digest(state)
    row = PendingConnection(
        digest=digest,
        organization_id=ctx.organization_id,
        app_key=app.key,
        user_id=ctx.principal.user_id,
        verifier=ctx.deps.secrets.seal(verifier.encode(), bound_to=digest),
        created_at=now,
        expires_at=now + PENDING,
    )
    ctx.db.add(row)
    ctx.resource_id = app.key
    url = consent_url(client, redirect_uri(ctx.deps.settings), state, verifier)
    return ConnectUrl(url=url, expires_at=row.expires_at)


async def check_return(ctx: Ctx, data: Return) -> None:
    """The browser is the one that may finish; nothing is used up before that is sure.

    Raises:
        Conflict: the state is unknown here, used, expired or somebody else's.
    """
    row = await repository.pending(ctx.db, ctx.deps.secrets.digest(data.state))
    if row is None or row.expires_at <= ctx.now() or row.user_id not in (None, ctx.principal.user_id):
        raise _unknown()
    ctx.resource_id = row.app_key


async def complete(ctx: Ctx, data: Return) -> InstallationRow:
    """Use the state up, make tokens of the code, store them sealed.

    Raises:
        Conflict: the state was used meanwhile, the person said no, or the code is not good.
        Unavailable: the app gave no usable answer.
    """
    async with ctx.deps.database.transaction(ctx.organization_id) as db:
        row = await repository.take_pending(db, ctx.deps.secrets.digest(data.state))
    if row is None:
        raise _unknown()
    app, client = _connectable(ctx, row.app_key)
    if data.code is None:
        denied = data.error == "access_denied"
        said = f"{app.title} was not connected: " + ("you did not allow it." if denied else "it did not agree.")
        raise Conflict(said, "CONNECTION_REFUSED", hint=AGAIN)
    verifier = ctx.deps.secrets.open(row.verifier, bound_to=row.digest).decode()
    account, answer = await _granted(ctx, app, client, data.code, verifier)
    return await _stored(ctx, app, client, account, answer)


async def _granted(ctx: Ctx, app: App, client: OAuthClient, code: str, verifier: str) -> tuple[Account, JsonObject]:
    try:
        answer = await redeem(ctx.deps, client, code, redirect_uri(ctx.deps.settings), verifier)
        await _check_scopes(ctx, app, client, answer)
        return await app.account(ctx.deps, answer), answer
    except GrantRefused:
        raise Conflict(f"{app.title} did not accept the connection.", "CONNECTION_REFUSED", hint=AGAIN) from None
    except AppUnreachable:
        raise Unavailable(f"{app.title} gave no usable answer.", hint=AGAIN) from None


async def _check_scopes(ctx: Ctx, app: App, client: OAuthClient, answer: JsonObject) -> None:
    """People may leave out permissions at the app; actions would fail in the middle of a call without them."""
    if set(client.scopes) <= set(client.granted(answer)):
        return
    await revoke_quietly(ctx.deps, app, tokens_of(answer, ctx.now()))
    said = f"{app.title} was not connected: it was not given all the permissions it asks for."
    raise Conflict(said, "CONNECTION_REFUSED", hint="Start the connection again, and allow everything it asks for.")


async def _stored(ctx: Ctx, app: App, client: OAuthClient, account: Account, answer: JsonObject) -> InstallationRow:
    async with ctx.deps.database.transaction(ctx.organization_id) as db:
        row = await repository.of_account(db, app.key, account.id) or await _added(db, ctx, app, account)
        row.sealed = seal(ctx.deps.secrets, row.organization_id, row.id, tokens_of(answer, ctx.now()))
        row.status, row.refreshing_until, row.ended_at = "connected", None, None
        row.account_label = account.label
        row.scopes = client.granted(answer)
        row.connected_by = ctx.principal.user_id
        row.connected_at = row.updated_at = ctx.now()
        return InstallationRow.model_validate(row)


async def _added(db: AsyncSession, ctx: Ctx, app: App, account: Account) -> Installation:
    now = ctx.now()
    row = Installation(
        id=new_id("inst"),
        organization_id=ctx.organization_id,
        app_key=app.key,
        account_id=account.id,
        account_label=account.label,
        scopes=[],
        status="revoked",
        connected_at=now,
        created_at=now,
        updated_at=now,
    )
    try:
        async with db.begin_nested():
            db.add(row)
    except IntegrityError:  # another browser connected the same account at the same moment
        existing = await repository.of_account(db, app.key, account.id)
        if existing is None:
            raise
        return existing
    return row


def _connectable(ctx: Ctx, key: str) -> tuple[App, OAuthClient]:
    app = app_of(key)
    if app is None:
        raise NotFound("not found", hint="GET /v1/integrations lists the apps.")
    client = app.oauth(ctx.deps.settings)
    if client is None:
        hint = "The operator sets the client id and secret; docs/integrations.md says how."
        raise Conflict(f"{app.title} is not set up in this installation.", "APP_NOT_CONFIGURED", hint=hint)
    return app, client


def _unknown() -> Conflict:
    said = "This connection was not started by you here, or it has expired."
    return Conflict(said, "CONNECTION_UNKNOWN", hint=AGAIN)
