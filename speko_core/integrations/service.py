"""Listing apps and installations, and disconnecting."""

from functools import partial

from speko_core.context import Ctx
from speko_core.errors import NotFound
from speko_core.integrations import repository
from speko_core.integrations.app import ActionSpec, App
from speko_core.integrations.apps import APPS, app_of
from speko_core.integrations.revoking import revoke_quietly
from speko_core.integrations.schemas import (
    ActionRow,
    AppRow,
    AppRows,
    InstallationList,
    InstallationPage,
    InstallationRef,
    InstallationRow,
)
from speko_core.integrations.sealing import open_tokens
from speko_core.pagination import page_of
from speko_core.schemas import Nothing


async def list_apps(ctx: Ctx, data: Nothing) -> AppRows:
    """Every app, with its actions."""
    return AppRows(apps=[_app(ctx, app) for app in APPS])


async def list_installations(ctx: Ctx, data: InstallationList) -> InstallationPage:
    """One page, newest first; what was disconnected stays listed."""
    shown, cursor = page_of(await repository.page(ctx.db, data), data.limit)
    return InstallationPage(installations=[InstallationRow.model_validate(row) for row in shown], next_cursor=cursor)


async def disconnect(ctx: Ctx, data: InstallationRef) -> InstallationRow:
    """Forget the tokens, and take them back at the app after the commit; the installation stays as history."""
    row = await repository.locked(ctx.db, data.id)
    if row is None:
        raise NotFound("not found", hint="GET /v1/integrations/installations lists the installations.")
    ctx.resource_id = row.id
    tokens = open_tokens(ctx.deps.secrets, row)
    if row.status != "revoked":
        row.status, row.sealed, row.refreshing_until = "revoked", None, None
        row.ended_at = row.updated_at = ctx.now()
    app = app_of(row.app_key)
    if tokens is not None and app is not None:
        ctx.after_commit(partial(revoke_quietly, ctx.deps, app, tokens))
    return InstallationRow.model_validate(row)


def _app(ctx: Ctx, app: App) -> AppRow:
    return AppRow(
        key=app.key,
        title=app.title,
        description=app.description,
        configured=app.oauth(ctx.deps.settings) is not None,
        actions=[_action(action) for action in app.actions],
    )


def _action(action: ActionSpec) -> ActionRow:
    return ActionRow(
        key=action.key,
        title=action.title,
        description=action.description,
        effect=action.effect,
        parameters=action.schema(),
        config_schema=action.config_schema,
    )
