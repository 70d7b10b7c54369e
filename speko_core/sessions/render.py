"""Rows as answers."""

import json
from collections.abc import Sequence

from speko_core.sessions.models import SessionTurn, VoiceSession
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.rules import latency_status
from speko_core.sessions.schemas import SessionDetail, SessionEntry, SessionState
from speko_core.sessions.turn_schemas import LegsIn, Transcript, TranscriptEntry, TurnLatency
from speko_core.types import JsonObject


def entry(row: VoiceSession) -> SessionEntry:
    """A session in a list."""
    return SessionEntry.model_validate(_entry_fields(row))


def detail(row: VoiceSession, turn_count: int) -> SessionDetail:
    """A session in full."""
    plan = SessionPlan.model_validate_json(row.plan)
    own = {
        "roomName": row.room_name,
        "identity": row.identity,
        "transport": row.transport,
        "turnCount": turn_count,
        "metadata": plan.metadata,
        "errorCode": row.error_code,
        "plan": plan,
    }
    return SessionDetail.model_validate({**_entry_fields(row), **own})


def state(row: VoiceSession) -> SessionState:
    """Where the session is."""
    return SessionState.model_validate(
        {"sessionId": row.id, "status": row.status, "endedAt": row.ended_at, "endReason": row.end_reason}
    )


def transcript(turns: Sequence[SessionTurn]) -> Transcript:
    """All turns, oldest first."""
    return Transcript(entries=[_turn(turn) for turn in turns])


def _entry_fields(row: VoiceSession) -> dict[str, object]:
    return {
        "sessionId": row.id,
        "createdAt": row.created_at,
        "status": row.status,
        "kind": row.kind,
        "mode": row.mode,
        "agentName": row.agent_name,
        "agentVersion": row.agent_version,
        "environment": row.environment,
        "pipelineConfig": {"agentId": row.agent_id, "language": row.language},
        "startedAt": row.started_at,
        "endedAt": row.ended_at,
        "endReason": row.end_reason,
        "expiresAt": row.expires_at,
        "durationSeconds": duration_s(row),
        "recordingObjectPath": row.recording_object_path,
        "recordingDurationMs": row.recording_duration_ms,
        "recordingStatus": row.recording_status,
    }


def duration_s(row: VoiceSession) -> int | None:
    """Seconds from the agent joining to the end; None before the end or without an agent."""
    if row.started_at is None or row.ended_at is None:
        return None
    return max(0, round((row.ended_at - row.started_at).total_seconds()))


def _turn(turn: SessionTurn) -> TranscriptEntry:
    latency = TurnLatency.model_validate(turn.latency)
    legs: JsonObject = {**dict.fromkeys(LegsIn.model_fields), **turn.legs}
    return TranscriptEntry.model_validate(
        {
            "id": turn.id,
            "index": turn.idx,
            "source": turn.source,
            "agentId": turn.agent_id,
            "text": turn.text,
            "startedAt": turn.started_at,
            "endedAt": turn.ended_at,
            "provider": turn.provider,
            "model": turn.model,
            "eouMs": latency.eou_ms,
            "llmTtftMs": latency.llm_ttft_ms,
            "ttsTtfbMs": latency.tts_ttfb_ms,
            "latencyStatus": latency_status(
                turn.source, turn.interrupted, latency.eou_ms, latency.llm_ttft_ms, latency.tts_ttfb_ms
            ),
            "conversationalLatencyMs": latency.total_ms,
            "interrupted": turn.interrupted,
            "legs": legs,
            "latency": latency,
            "toolCalls": turn.tool_calls,
        }
    )


def json_text(value: object) -> str:
    """A tool call's arguments as JSON text, whether they came as text or as an object."""
    return value.replace("\x00", "") if isinstance(value, str) else json.dumps(value)
