"""The names of events: official clients know exactly these, and a name of our own would break their lists."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from speko_core.types import JsonObject, JsonValue

SessionEvent = Literal["call.pre_call", "call.status", "call.report", "call.analysis", "call.recording"]
ControlEvent = Literal[
    "call.initiated", "call.ringing", "call.answered", "call.bridged", "call.hold", "call.unhold", "call.mute",
    "call.unmute", "call.dtmf.sent", "call.transfer.initiated", "call.transfer.completed", "call.transfer.failed",
    "call.leg.hangup", "call.hangup",
]  # fmt: skip
SmsEvent = Literal[
    "sms.received", "sms.accepted", "sms.sent", "sms.delivered", "sms.delivery_failed", "sms.submission_unknown",
    "sms.opted_out", "sms.opted_in",
]  # fmt: skip
EventName = SessionEvent | ControlEvent | SmsEvent

AgentWebhook = Literal["preCall", "status", "postCall", "analysis", "recording"]
# Which of an agent's own webhooks hears of an event.
AGENT_WEBHOOKS: Final[Mapping[str, AgentWebhook]] = {
    "call.pre_call": "preCall",
    "call.status": "status",
    "call.report": "postCall",
    "call.analysis": "analysis",
    "call.recording": "recording",
}
# The others say what happened this moment: late, they would mislead, so they are tried once.
RETRIED: Final = frozenset({"call.status", "call.report", "call.analysis", "call.recording"})

# What `metadata_only` endpoints get: who, what and when, and nothing that was said, written or recorded.
_METADATA: Final = frozenset({
    "type", "event_id", "event_type", "occurred_at", "call_id", "session_id", "control_id", "call_control_id",
    "organization_id", "agent_id", "agent_version", "environment", "phone_number_id", "direction", "kind", "provider",
    "status", "recording_status", "failure_cause", "end_reason", "sip_status_code", "sip_status", "outcome",
    "language", "started_at", "ended_at", "duration_seconds", "cost_micro_usd", "analysis_status", "created_at",
    "updated_at",
})  # fmt: skip


def without_content(payload: JsonObject) -> JsonObject:
    """The payload as a `metadata_only` endpoint gets it. Fields we do not know are content."""
    return {name: value for name, value in payload.items() if name in _METADATA}


def field_names(fields: JsonValue | Sequence[JsonValue]) -> list[str]:
    """The names of stored extraction fields."""
    listed = [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    return [str(field["name"]) for field in listed if "name" in field]


def with_fields(payload: JsonObject, names: Sequence[str]) -> JsonObject:
    """The payload with a key in `custom_data` for every configured field; null where nothing was found."""
    found = payload.get("custom_data")
    return {**payload, "custom_data": {**dict.fromkeys(names), **found}} if isinstance(found, dict) else payload
