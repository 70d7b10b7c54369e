"""An agent's own webhooks on the wire: written with secrets, shown with references to them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from speko_core.agents.config import ExtractionField
from speko_core.schemas import Sparse

WEBHOOKS = ("preCall", "postCall", "status", "analysis", "recording")
ResponseMode = Literal["sync", "async"]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\t -~]{0,4000}$")]
Headers = Annotated[dict[HeaderName, HeaderValue], Field(max_length=20)]


class SecretHeader(Sparse):
    """A header whose value is a secret. On update an absent value keeps the stored one."""

    name: HeaderName
    value: HeaderValue | None = None
    # What we show is accepted back; the value stays as stored.
    secret_ref: str | None = Field(None, max_length=200)


class SecretHeaderRow(Sparse):
    """A secret header by reference."""

    name: str
    secret_ref: str


class _Webhook(Sparse):
    url: str = Field(description="Your public https endpoint.")
    headers: Headers | None = None
    timeout_ms: int | None = Field(None, ge=500, le=30_000)
    response_mode: ResponseMode | None = None
    async_ack: str | None = Field(None, max_length=1_000)
    extraction_fields: list[ExtractionField] | None = Field(None, max_length=100)


class AgentWebhook(_Webhook):
    """One webhook as it is written."""

    secret: str | None = Field(
        None,
        description="Signs the requests, base64 of at least 16 bytes; sealed, never shown. Absent keeps the stored "
        "one; without any your organization's secret signs.",
    )
    secret_ref: str | None = Field(None, max_length=200)
    auth_headers: list[SecretHeader] | None = Field(None, max_length=20)


class AgentWebhookRow(_Webhook):
    """One webhook as it is shown."""

    secret_ref: str
    auth_headers: list[SecretHeaderRow] | None = None


class AgentWebhooks(Sparse):
    """The webhooks to set. On update an absent one stays and null removes it."""

    pre_call: AgentWebhook | None = None
    post_call: AgentWebhook | None = None
    status: AgentWebhook | None = None
    analysis: AgentWebhook | None = None
    recording: AgentWebhook | None = None


class AgentWebhookRows(Sparse):
    """The webhooks there are."""

    pre_call: AgentWebhookRow | None = None
    post_call: AgentWebhookRow | None = None
    status: AgentWebhookRow | None = None
    analysis: AgentWebhookRow | None = None
    recording: AgentWebhookRow | None = None
