"""The life of a realtime session beside its conversation: admitted, claimed, kept alive, its turns stored, closed.

The same operations a worker would call, called here without the way over HTTP.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from speko_core.accounts.authentication import SESSION_SCOPES, WORKER_SCOPES
from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.execute import Caller, execute
from speko_core.ids import new_id
from speko_core.operations import AnyOperation
from speko_core.principal import Principal
from speko_core.realtime.endings import Ending
from speko_core.sessions import operations, repository
from speko_core.sessions.admission import NotAdmitted, Refusal, check
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.turn_schemas import MAX_TURNS
from speko_core.types import JsonObject, JsonValue

logger = logging.getLogger(__name__)

_WORKER: Final = Principal("worker", "worker", "", WORKER_SCOPES, label="worker")
AGAIN_S: Final = 1.0
# How long the last turns may take to be stored when everything else is over.
LAST_S: Final = 10.0


@dataclass(frozen=True)
class Life:
    """A session that this process carries out."""

    deps: Deps
    plan: SessionPlan
    principal: Principal
    expires_at: datetime

    async def beat(self) -> str:
        """Say that the session lives; the status it has."""
        answer = await self._do(operations.HEARTBEAT, {})
        return str(answer["status"]) if isinstance(answer, dict) else ""

    async def store(self, turns: list[JsonObject]) -> None:
        """Store turns; the same index replaces."""
        await self._do(operations.ADD_TURNS, {"turns": [*turns]})

    async def finish(self, ending: Ending) -> None:
        """Close the session."""
        status = "failed" if ending.failed else "ended"
        fields: JsonObject = {"status": status, "reason": ending.reason}
        await self._do(operations.FINISH, {**fields, "error": ending.code} if ending.failed else fields)

    async def _do(self, operation: AnyOperation, fields: JsonObject) -> JsonValue:
        raw = {"id": self.plan.session_id, "instanceId": _instance(), **fields}
        return (await execute(operation, raw, Caller(self.principal, "rest", new_id("req")), self.deps)).value


def _instance() -> str:
    return "realtime"


async def admitted(deps: Deps, session_id: str, token: str) -> Life:
    """Use the caller's token up, and take the session.

    Raises:
        NotAdmitted: with the reason.
    """
    digest, now = deps.secrets.digest(token), deps.clock.now()
    async with deps.database.transaction(None, all_organizations=True) as db:
        row = await repository.get(db, session_id)
        check(row, digest, now, realtime=True)
        if not await repository.consume_token(db, session_id, digest, now):
            raise NotAdmitted(Refusal.USED)
    try:
        raw = {"id": session_id, "instanceId": _instance()}
        claimed = await execute(operations.CLAIM, raw, Caller(_WORKER, "rest", new_id("req")), deps)
    except SpekoError:
        raise NotAdmitted(Refusal.OVER) from None
    assert isinstance(claimed.value, dict)
    plan = SessionPlan.model_validate(claimed.value["plan"])
    principal = Principal("session", session_id, plan.organization_id, SESSION_SCOPES, plan.mode, session_id=session_id)
    return Life(deps, plan, principal, datetime.fromisoformat(plan.expires_at))


class Scribe:
    """Stores turns as they come, in order, again while the database is away. The owner must call `aclose`."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._waiting: dict[int, JsonObject] = {}
        self._arrived, self._done = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def put(self, turn: JsonObject) -> None:
        """Store a turn. What waits is bounded by the conversation: a turn is seconds of speech."""
        index = turn["index"]
        assert isinstance(index, int)
        self._waiting[index] = turn
        self._arrived.set()

    async def aclose(self) -> None:
        """Store what waits, within a bounded time."""
        self._done.set()
        self._arrived.set()
        await asyncio.wait({self._task}, timeout=LAST_S)
        if not self._task.done():
            logger.error("turns of a realtime session could not be stored", extra={"turns": len(self._waiting)})
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._waiting or not self._done.is_set():
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            batch = dict(sorted(self._waiting.items())[:MAX_TURNS])
            if not await self._stored(list(batch.values())):
                await asyncio.sleep(AGAIN_S)
                continue
            for index, turn in batch.items():
                if self._waiting.get(index) is turn:
                    del self._waiting[index]

    async def _stored(self, turns: list[JsonObject]) -> bool:
        """False when it is worth trying again."""
        try:
            await self._life.store(turns)
        except (SpekoError, SQLAlchemyError) as error:
            if isinstance(error, SpekoError) and error.status < 500:
                # The session was deleted, or a turn is none: trying again would keep those after it waiting.
                logger.error("turns of a realtime session were refused", extra={"code": error.code})
                return True
            logger.warning("turns of a realtime session are stored again in a moment")
            return False
        return True
