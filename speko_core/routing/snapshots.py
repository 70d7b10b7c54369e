"""Snapshots that stay: stored under their `scoresRunId`, the last published one active, else the shipped seed."""

from collections import OrderedDict
from datetime import datetime

import orjson
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.providers.base import Modality
from speko_core.routing import decisions_repository as repository
from speko_core.routing.decisions_models import RoutingSnapshot
from speko_core.routing.snapshot import Row, Snapshot, Source, make_snapshot, seed_snapshot

KEPT = 16


def dump(snapshot: Snapshot) -> str:
    """The whole content as JSON."""
    rows = {str(modality): [row.model_dump() for row in found] for modality, found in snapshot.rows.items()}
    return orjson.dumps({"rows": rows, "sources": [source.model_dump() for source in snapshot.sources]}).decode()


def load(body: str) -> Snapshot:
    """The snapshot that `dump` wrote."""
    content = orjson.loads(body)
    rows = {Modality(name): [Row.model_validate(row) for row in found] for name, found in content["rows"].items()}
    return make_snapshot(rows, [Source.model_validate(source) for source in content["sources"]])


class Snapshots:
    """The snapshots one process has read; their content never changes, so neither does an entry."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Snapshot] = OrderedDict()

    async def active(self, db: AsyncSession) -> Snapshot:
        """The one that decisions are made from now. A body is read only when another one was published."""
        snapshot_id = await repository.published_snapshot_id(db)
        return seed_snapshot() if snapshot_id is None else await self.get(db, snapshot_id)

    async def get(self, db: AsyncSession, snapshot_id: str) -> Snapshot:
        """A stored snapshot, or the seed.

        Raises:
            LookupError: no snapshot with this id was ever stored here.
        """
        if snapshot_id == seed_snapshot().scores_run_id:
            return seed_snapshot()
        if snapshot_id not in self._known:
            body = await repository.snapshot_body(db, snapshot_id)
            if body is None:
                raise LookupError(snapshot_id)
            self._known[snapshot_id] = load(body)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[snapshot_id]


async def publish(db: AsyncSession, snapshot: Snapshot, now: datetime) -> str:
    """Store a snapshot and make it the active one; returns its `scoresRunId`."""
    snapshot_id = snapshot.scores_run_id
    if await repository.snapshot_body(db, snapshot_id) is None:
        db.add(RoutingSnapshot(id=snapshot_id, body=dump(snapshot), created_at=now, published_at=now))
        await db.flush()
    else:
        statement = update(RoutingSnapshot).where(RoutingSnapshot.id == snapshot_id).values(published_at=now)
        await db.execute(statement.execution_options(synchronize_session=False))
    return snapshot_id
