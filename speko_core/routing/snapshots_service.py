"""Publishing benchmarks: see what one would change, make it the active snapshot, go back to an older one."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256

from speko_core.accounts.repository import first_organization
from speko_core.context import Ctx
from speko_core.errors import Conflict, Forbidden, NotFound
from speko_core.routing import decisions_repository as repository
from speko_core.routing.decisions import run
from speko_core.routing.intent import RoutingIntent
from speko_core.routing.merging import Change, changes, with_measured
from speko_core.routing.router import inputs_for
from speko_core.routing.snapshot import (
    Latency,
    Measurement,
    Quality,
    Row,
    RowPrice,
    Snapshot,
    Source,
    seed_snapshot,
)
from speko_core.routing.snapshots import publish as store
from speko_core.routing.snapshots_schemas import (
    Bounds,
    Figures,
    MeasuredRow,
    Place,
    RowChange,
    SnapshotDraft,
    SnapshotList,
    SnapshotPreview,
    SnapshotPublish,
    SnapshotQuery,
    SnapshotRef,
    SnapshotRow,
    SnapshotSource,
)
from speko_core.warming import warm_within


async def list_snapshots(ctx: Ctx, data: SnapshotQuery) -> SnapshotList:
    """The published ones, newest first, and the shipped one."""
    active = (await ctx.deps.snapshots.active(ctx.db)).scores_run_id
    found = dict(await repository.published(ctx.db, data.limit))
    listed: list[tuple[str, datetime | None]] = [*found.items()]
    if seed_snapshot().scores_run_id not in found:
        listed.append((seed_snapshot().scores_run_id, None))
    return SnapshotList(
        snapshots=[
            _listed(await ctx.deps.snapshots.get(ctx.db, snapshot_id), published_at, active)
            for snapshot_id, published_at in listed
        ]
    )


async def preview(ctx: Ctx, data: SnapshotDraft) -> SnapshotPreview:
    """What publishing would change; nothing is stored."""
    active = await ctx.deps.snapshots.active(ctx.db)
    source = _source(data)
    rows = _rows(data, source)
    merged = with_measured(active, data.modality, source, rows)
    await warm_within(ctx.deps, ctx.organization_id, ctx.db)
    return SnapshotPreview(
        scores_run_id=merged.scores_run_id,
        based_on=active.scores_run_id,
        changes=[_changed(one) for one in changes(active, data.modality, rows)],
        chain_before=_chain(ctx, data, active),
        chain_after=_chain(ctx, data, merged),
    )


async def publish(ctx: Ctx, data: SnapshotPublish) -> SnapshotRow:
    """Route by a benchmark from now. Older snapshots stay, so decisions made from them can be replayed."""
    await _check_operator(ctx)
    active = await ctx.deps.snapshots.active(ctx.db)
    if data.based_on not in (None, active.scores_run_id):
        raise Conflict("Another snapshot was published meanwhile.", hint="Preview again, then publish.")
    source = _source(data)
    return await _activate(ctx, with_measured(active, data.modality, source, _rows(data, source)))


async def activate(ctx: Ctx, data: SnapshotRef) -> SnapshotRow:
    """Route by a snapshot that was published before, or by the shipped one."""
    await _check_operator(ctx)
    try:
        snapshot = await ctx.deps.snapshots.get(ctx.db, data.scores_run_id)
    except LookupError:
        raise NotFound("not found", hint="List the snapshots to find a scoresRunId.") from None
    return await _activate(ctx, snapshot)


async def _check_operator(ctx: Ctx) -> None:
    """Snapshots rank for every organization; only the one that was created first may change them."""
    if ctx.principal.mode == "test":
        raise Forbidden("A test key cannot publish benchmarks.")
    if ctx.organization_id != await first_organization(ctx.db):
        raise Forbidden("Only the organization that operates this installation publishes benchmarks.")


async def _activate(ctx: Ctx, snapshot: Snapshot) -> SnapshotRow:
    now = ctx.now()
    ctx.resource_id = await store(ctx.db, snapshot, now)
    ctx.after_commit(partial(_forget, ctx))
    return _listed(snapshot, now, snapshot.scores_run_id)


async def _forget(ctx: Ctx) -> None:
    ctx.deps.standings.forget(ctx.organization_id)


def _chain(ctx: Ctx, data: SnapshotDraft, snapshot: Snapshot) -> list[Place]:
    intent = RoutingIntent(language=data.language, region=data.region)
    inputs = inputs_for(ctx.deps, ctx.principal, data.modality, intent)._replace(snapshot=snapshot)
    return [Place(id=one.id, score=None if one.score is None else round(one.score, 4)) for one in run(inputs).ranked]


def _source(data: SnapshotDraft) -> Source:
    content = sha256(data.model_dump_json(exclude={"based_on"}).encode()).hexdigest()[:8]
    return Source(
        id=f"measured-{data.measured_on}-{content}",
        provenance="measured",
        who="operator",
        where="this installation",
        what=data.what,
        read=str(data.measured_on),
    )


def _rows(data: SnapshotDraft, source: Source) -> Sequence[Row]:
    return [_row(data, measured, source) for measured in data.rows]


def _row(data: SnapshotDraft, measured: MeasuredRow, source: Source) -> Row:
    price = measured.price
    return Row(
        id=measured.id,
        language=data.language,
        region=data.region,
        mode=measured.mode,
        status="production",
        source=source.id,
        date=str(data.measured_on),
        quality=Quality(metric=data.quality_metric, value=measured.quality, higher_is_better=False),
        latency=Latency(metric=data.latency_metric, p50_ms=measured.latency_p50_ms),
        price=RowPrice(unit=price.unit, micro_usd=price.micro_usd) if price else None,
        measurement=Measurement(
            data_set=data.data_set,
            items=measured.items,
            calls=measured.calls,
            failed=measured.failed,
            normalizer=data.normalizer,
            recognizer=data.recognizer,
            quality_ci95=_ends(measured.quality_ci95),
            latency_ci95=_ends(measured.latency_ci95),
            p95_ms=measured.latency_p95_ms,
            p99_ms=measured.latency_p99_ms,
        ),
    )


def _ends(found: Bounds | None) -> tuple[float, float] | None:
    return (found.low, found.high) if found else None


def _changed(change: Change) -> RowChange:
    return RowChange(
        id=change.after.id,
        change=change.kind,
        before=_figures(change.before) if change.before else None,
        after=_figures(change.after),
    )


def _figures(row: Row) -> Figures:
    quality, latency = row.quality, row.latency
    return Figures(
        source=row.source,
        date=row.date,
        quality=quality.value if quality else None,
        quality_metric=quality.metric if quality else None,
        latency_p50_ms=latency.p50_ms if latency else None,
        latency_metric=latency.metric if latency else None,
        price_micro_usd=row.price.micro_usd if row.price else None,
    )


def _listed(snapshot: Snapshot, published_at: datetime | None, active: str) -> SnapshotRow:
    return SnapshotRow(
        scores_run_id=snapshot.scores_run_id,
        active=snapshot.scores_run_id == active,
        published_at=published_at,
        rows=sum(map(len, snapshot.rows.values())),
        sources=[SnapshotSource.model_validate(source) for source in snapshot.ranking_sources()],
    )
