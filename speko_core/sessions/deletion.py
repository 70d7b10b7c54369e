"""Deleting one call (ORG-7): what was said, done and sent on, at once and for good. What was billed stays."""

from sqlalchemy import delete as delete_rows

from speko_core.context import Ctx
from speko_core.errors import Conflict
from speko_core.removal import remove_file
from speko_core.schemas import Deleted
from speko_core.sessions import service
from speko_core.sessions.rooms import Room, close_room
from speko_core.sessions.rules import RUNNING, Status
from speko_core.sessions.schemas import SessionRef
from speko_core.webhooks.models import WebhookDelivery


async def delete(ctx: Ctx, data: SessionRef) -> Deleted:
    """Delete a session with its turns, tool calls, plan, recording and webhook deliveries, also those yet to be made.

    Raises:
        NotFound: no such session here.
        Conflict: `SESSION_RUNNING`.
    """
    row = await service.found(ctx, data.id, locked=True)
    if Status(row.status) in RUNNING:
        raise Conflict("The session is running.", "SESSION_RUNNING", hint="End it, and delete it once it has ended.")
    ctx.resource_id = row.id
    about = WebhookDelivery.session_id == row.id
    await ctx.db.execute(delete_rows(WebhookDelivery).where(about).execution_options(synchronize_session=False))
    if row.recording_object_path is not None:
        await remove_file(ctx.deps, ctx.db, row.recording_object_path)
    room = Room.of(row)
    ctx.after_commit(lambda: close_room(ctx.deps, room))
    await ctx.db.delete(row)
    await ctx.db.flush()
    return Deleted(deleted=True)
