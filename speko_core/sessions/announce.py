"""What webhooks hear of a session's life: `call.status` when it begins and ends, `call.report` when it was a call, and
`call.recording` how its recording came out.

Written in the transaction of the change. Field names are those of the calls pages, snake_case.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.metering import repository as metering
from speko_core.metering.models import UsageEvent
from speko_core.schemas import wire_time
from speko_core.sessions import repository
from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.render import duration_s
from speko_core.sessions.rules import FINAL, Status
from speko_core.types import JsonObject, JsonValue
from speko_core.webhooks import service as webhooks
from speko_core.webhooks.events import EventName

_OUTCOMES = {Status.ENDED: "completed", Status.FAILED: "failed", Status.EXPIRED: "no_answer"}


async def announce(db: AsyncSession, row: VoiceSession, before: str, now: datetime) -> None:
    """Tell who listens that the session moved on from the status `before`; nothing when it did not.

    `db` is open in the session's organization, or in all.
    """
    status = Status(row.status)
    if row.status == before or not (status is Status.ACTIVE or status in FINAL):
        return
    plan = SessionPlan.model_validate_json(row.plan)
    await _emit(db, row, plan, "call.status", _status(row, plan, now), now)
    if status in FINAL and row.started_at is not None:
        turns = await repository.turns(db, row.id)
        usage = await metering.session_usage(db, row.id)
        await _emit(db, row, plan, "call.report", _report(row, plan, turns, usage, now), now)


async def _emit(
    db: AsyncSession, row: VoiceSession, plan: SessionPlan, event: EventName, payload: JsonObject, now: datetime
) -> None:
    await webhooks.emit(
        db,
        row.organization_id,
        event,
        payload,
        occurred_at=now,
        session_id=row.id,
        agent_id=row.agent_id,
        environment=plan.environment,
        webhook_tags=plan.webhook_tags,
    )


async def announce_recording(db: AsyncSession, row: VoiceSession, url: str | None, now: datetime) -> None:
    """Tell who listens how the recording came out: `url` is where it is, None when it failed."""
    plan = SessionPlan.model_validate_json(row.plan)
    payload: JsonObject = {
        **_facts(row, plan),
        "recording_status": row.recording_status,
        "recording_url": url,
        "recording_duration_ms": row.recording_duration_ms,
        "occurred_at": wire_time(now),
    }
    await _emit(db, row, plan, "call.recording", payload, now)


def identified(row: VoiceSession, plan: SessionPlan) -> JsonObject:
    """Which call it is: what every webhook about a call begins with."""
    return {
        "call_id": row.id,
        "session_id": row.id,
        "organization_id": row.organization_id,
        "agent_id": row.agent_id,
        "agent_version": plan.agent_version,
        "environment": plan.environment,
        "kind": row.kind,
    }


def _facts(row: VoiceSession, plan: SessionPlan) -> JsonObject:
    return {**identified(row, plan), "status": row.status, "metadata": plan.metadata}


def _status(row: VoiceSession, plan: SessionPlan, now: datetime) -> JsonObject:
    began = row.status == Status.ACTIVE
    return {
        **_facts(row, plan),
        "event_type": "call.answered" if began else "call.hangup",
        "provider": row.transport,
        "failure_cause": None if began else _failure(row),
        "end_reason": row.end_reason,
        "sip_status_code": None,
        "sip_status": None,
        "occurred_at": wire_time(now),
    }


def _failure(row: VoiceSession) -> str | None:
    return (row.error_code or row.end_reason) if row.status in (Status.FAILED, Status.EXPIRED) else None


def _report(
    row: VoiceSession, plan: SessionPlan, turns: Sequence[SessionTurn], usage: Sequence[UsageEvent], now: datetime
) -> JsonObject:
    """The report before any analysis: facts alone, so `analysis_status` is `heuristic`."""
    seconds = duration_s(row) or 0
    return {
        **_facts(row, plan),
        "summary": f"{len(turns)} turns in {seconds} s, ended: {row.end_reason or row.status}.",
        "outcome": _OUTCOMES[Status(row.status)],
        "failure_cause": _failure(row),
        "end_reason": row.end_reason,
        "language": row.language,
        "duration_seconds": seconds,
        "started_at": _moment(row.started_at),
        "ended_at": _moment(row.ended_at),
        "transcript": {"entries": [_entry(turn) for turn in turns]},
        "structured_data": {},
        "custom_data": {},
        "artifacts": {},
        "cost_micro_usd": str(sum(event.cost_micro_usd for event in usage)),
        "cost_breakdown": [line for event in usage for line in _cost_lines(event)],
        "analysis_status": "heuristic",
        "created_at": wire_time(row.created_at),
        "updated_at": wire_time(now),
    }


def _entry(turn: SessionTurn) -> JsonObject:
    return {
        "id": turn.id,
        "index": turn.idx,
        "source": turn.source,
        "text": turn.text,
        "started_at": _moment(turn.started_at),
        "ended_at": _moment(turn.ended_at),
        "provider": turn.provider,
        "model": turn.model,
        "metadata": {},
    }


def _cost_lines(event: UsageEvent) -> list[JsonValue]:
    items = [item for item in event.cost_items if isinstance(item, dict)]
    return [
        {
            "provider": event.provider,
            "metric": item.get("metric"),
            "quantity": item.get("quantity"),
            "keySource": event.key_source,
            "costMicroUsd": str(item.get("microUsd", 0)),
        }
        for item in items
    ]


def _moment(value: datetime | None) -> str | None:
    return wire_time(value) if value is not None else None
