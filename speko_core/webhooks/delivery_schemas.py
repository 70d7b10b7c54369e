"""Requests and answers about deliveries."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from speko_core.schemas import Input, Output, WireTime
from speko_core.types import JsonObject
from speko_core.webhooks.events import EventName
from speko_core.webhooks.rules import Status

# The other kind that official clients know belongs to a channel that is not served here.
EndpointKind = Literal["workspace"]


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# Clients send days and times without a zone too: those are UTC, and a day is its first moment.
Moment = Annotated[datetime, AfterValidator(_in_utc)]


class DeliveryQuery(Input):
    """A page of deliveries, newest first; every filter narrows."""

    endpoint_id: str | None = Field(None, max_length=80)
    event: EventName | None = None
    agent_id: str | None = Field(None, max_length=80)
    status: Status | None = None
    session_id: str | None = Field(None, max_length=80)
    event_id: str | None = Field(None, max_length=80)
    from_: Moment | None = Field(None, alias="from", description="Created at or after this moment.")
    to: Moment | None = Field(None, description="Created at or before this moment.")
    cursor: str | None = Field(None, max_length=200, description="`nextCursor` of the previous page.")
    limit: int = Field(20, ge=1, le=100)


class DeliveryRef(Input):
    """Names one delivery."""

    id: str = Field(description="Delivery id, prefixed `whd_`: the `webhook-id` its receiver saw.", max_length=80)


class _DeliveryFields(Output):
    """What a list and a detail share."""

    id: str = Field(description="Delivery id, prefixed `whd_`: the `webhook-id` its receiver saw.")
    event_id: str = Field(description="The same for every endpoint that heard of the event.")
    endpoint_id: str
    endpoint_name: str
    endpoint_kind: EndpointKind
    endpoint_deleted: bool
    event: EventName
    session_id: str | None
    agent_id: str | None
    webhook_tags: dict[str, str]
    status: Status
    http_status: int | None = Field(description="What the newest attempt was answered; null without an answer.")
    error: str | None
    occurred_at: WireTime
    expires_at: WireTime
    delivered_at: WireTime | None
    created_at: WireTime
    can_redeliver: bool


class DeliveryRow(_DeliveryFields):
    """A delivery in a list."""

    attempts: int


class EndpointOption(Output):
    """An endpoint to filter by."""

    id: str
    name: str
    kind: EndpointKind
    deleted: bool


class DeliveryPage(Output):
    """Newest first; `nextCursor` is null on the last page."""

    data: list[DeliveryRow]
    next_cursor: str | None
    endpoint_options: list[EndpointOption]


class AttemptRow(Output):
    """One request and what came back. Values of secret headers are left out."""

    id: str
    attempt_number: int
    trigger: Literal["automatic", "manual"]
    request_url: str
    request_headers: dict[str, str]
    request_body: JsonObject
    response_status: int | None
    response_body: str | None = Field(description="The first 4096 bytes, as text.")
    response_truncated: bool
    duration_ms: int
    error: str | None
    created_at: WireTime


class DeliveryDetail(_DeliveryFields):
    """A delivery with everything that was tried."""

    attempt_count: int
    request_payload: JsonObject
    attempts: list[AttemptRow]


class RedeliverResult(Output):
    """What the endpoint answered just now."""

    delivered: bool
    http_status: int | None
    error: str | None
