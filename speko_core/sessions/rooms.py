"""A session's room outside of transactions: made once the session is stored, removed once it is over."""

import logging
from dataclasses import dataclass
from typing import Self

from sqlalchemy import delete

from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.errors import Failed
from speko_core.ports.rooms import RoomRequest, RoomsError
from speko_core.sessions.admission import NotAdmitted, reachable_workers
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.rules import FINAL, Status

logger = logging.getLogger(__name__)


async def open_room(deps: Deps, organization_id: str, request: RoomRequest) -> None:
    """Make the room of a stored session and send the agent there; without it the session is deleted again.

    Raises:
        Failed: `SESSION_CREATE_FAILED`; nothing is left behind.
    """
    try:
        if deps.rooms.sends_agents:
            await reachable_workers(deps)
        await deps.rooms.open(request)
    except RoomsError as error:
        await _take_back(deps, organization_id, request)
        raise create_failed("The media transport cannot take a session now; try again shortly.") from error
    except NotAdmitted:
        await _take_back(deps, organization_id, request)
        raise create_failed("No voice worker is available; try again shortly.") from None


def create_failed(message: str) -> Failed:
    """A session that could not be made."""
    return Failed(message, "SESSION_CREATE_FAILED", hint="Nothing was created; repeat the request.")


def leave_room(ctx: Ctx, row: VoiceSession) -> None:
    """Remove the room after the commit, if the session is over."""
    if Status(row.status) in FINAL:
        room = Room.of(row)
        ctx.after_commit(lambda: close_room(ctx.deps, room))


@dataclass(frozen=True)
class Room:
    """What of a session is needed to remove its room, also when its row is gone."""

    transport: str
    name: str

    @classmethod
    def of(cls, row: VoiceSession) -> Self:
        """The room of a session."""
        return cls(row.transport, row.room_name)


async def close_room(deps: Deps, room: Room) -> None:
    """Remove a room; one that cannot be removed now ends by itself when it is empty."""
    if room.transport == deps.rooms.transport:
        await _close(deps, room.name)


async def _close(deps: Deps, name: str) -> None:
    try:
        await deps.rooms.close(name)
    except RoomsError:
        logger.warning("a room could not be removed")


async def _take_back(deps: Deps, organization_id: str, request: RoomRequest) -> None:
    # The request may have reached the server although its answer did not reach us.
    await _close(deps, request.room_name)
    async with deps.database.transaction(organization_id) as db:
        await db.execute(
            delete(VoiceSession)
            .where(VoiceSession.id == request.session_id)
            .execution_options(synchronize_session=False)
        )
