"""An agent's own webhooks on the wire: written with secrets, shown with references to them."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from speko_core.agents.config import ExtractionField
from speko_core.schemas import Input, Sparse

WebhookName = Literal["preCall", "postCall", "status", "analysis", "recording"]
ResponseMode = Literal["sync", "async"]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\t -~]{0,4000}$")]
Headers = Annotated[dict[HeaderName, HeaderValue], Field(max_length=20)]


class SecretHeader(Input):
    """A header whose value is a secret; what we show is accepted back. On update an absent value keeps the stored."""

    name: HeaderName
    value: HeaderValue | None = None


class SecretHeaderRow(Sparse):
    """A secret header by reference."""

    name: str
    secret_ref: str


class _Webhook(Sparse):
    url: str
    headers: Headers | None = None
    timeout_ms: int | None = Field(None, ge=500, le=30_000)
    response_mode: ResponseMode | None = None
    async_ack: str | None = Field(None, max_length=1_000)
    extraction_fields: list[ExtractionField] | None = Field(None, max_length=100)


class AgentWebhook(_Webhook):
    """One webhook as it is written; what we show is accepted back."""

    model_config = ConfigDict(extra="ignore")

    secret: str | None = Field(
        None,
        description="Signs requests, base64 of 16 bytes or more; absent keeps the stored one, or your organization's.",
    )
    auth_headers: list[SecretHeader] | None = Field(None, max_length=20)


class AgentWebhookRow(_Webhook):
    """One webhook as it is shown."""

    secret_ref: str
    auth_headers: list[SecretHeaderRow] | None = None


# On update a name that is absent stays, and null removes it.
AgentWebhooks = dict[WebhookName, AgentWebhook | None]
AgentWebhookRows = dict[WebhookName, AgentWebhookRow]
