"""Where a tool runs, as callers write it and as rows show it. Sources come out without a secret, with a reference."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue

from speko_core.agents.webhook_config import Headers, ResponseMode, SecretHeader, SecretHeaderRow
from speko_core.migration.neutral import PayloadFormat
from speko_core.schemas import Input, Sparse
from speko_core.tools.builtins import BuiltinName
from speko_core.types import JsonObject

ToolKind = Literal["inline", "webhook", "builtin", "integration"]


class InlineSource(Input):
    """The caller's own code runs the tool: its calls are handed back."""

    kind: Literal["inline"]


class WebhookSource(Input):
    """A signed POST to your endpoint, or the request another platform's server expects."""

    kind: Literal["webhook"]
    url: str = Field(description="Your public https endpoint.")
    secret: str | None = Field(
        None,
        description="Signs the requests: base64 of at least 16 bytes, such as 32 hexadecimal digits, with or without "
        "`whsec_`. Stored sealed and never shown. Absent on create: your organization's secret signs.",
    )
    headers: Headers | None = None
    auth_headers: list[SecretHeader] | None = Field(None, max_length=20)
    timeout_ms: int | None = Field(None, ge=100, le=30_000, description="How long the endpoint has; 4000 by default.")
    response_mode: ResponseMode | None = Field(None, description="`sync` waits for the answer, `async` does not.")
    async_ack: str | None = Field(None, max_length=1_000, description="What the model is told meanwhile.")
    payload_format: PayloadFormat | None = Field(
        None, description="Whose request format the endpoint expects; `plain` sends the arguments as the body."
    )
    remote_name: str | None = Field(
        None, min_length=1, max_length=200, description="What the endpoint calls the tool, where its format names it."
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    query: JsonObject | None = Field(None, description="Query parameters, with {{argument}} placeholders.")
    constants: JsonObject | None = Field(None, description="Arguments that are always sent and never the model's.")
    body: JsonValue = Field(None, description="A body template with {{argument}} placeholders.")


class BuiltinSource(Input):
    """A helper of ours."""

    kind: Literal["builtin"]
    name: BuiltinName
    config: JsonObject | None = None


class IntegrationSource(Input):
    """An action of an installed app."""

    kind: Literal["integration"]
    installation_id: str = Field(min_length=1, max_length=80)
    app_key: str = Field(min_length=1, max_length=80)
    action_key: str = Field(min_length=1, max_length=80)
    config: JsonObject | None = None


def _with_kind(value: object) -> object:
    """Typed clients leave `kind` out, so it is read from the other fields."""
    if not isinstance(value, Mapping) or value.get("kind") is not None:
        return value
    fields = {str(name).replace("_", "").lower() for name, given in value.items() if given is not None}
    kind = (
        "integration" if "installationid" in fields
        else "webhook" if "url" in fields
        else "builtin" if "name" in fields
        else "inline"
    )  # fmt: skip
    return {**value, "kind": kind}


Source = InlineSource | WebhookSource | BuiltinSource | IntegrationSource
SourceInput = Annotated[Annotated[Source, Field(discriminator="kind")], BeforeValidator(_with_kind)]


class InlineShown(Sparse):
    """An inline source."""

    kind: Literal["inline"]


class WebhookShown(Sparse):
    """A webhook source; `secretRef` points to the secret."""

    kind: Literal["webhook"]
    url: str
    secret_ref: str
    headers: dict[str, str] | None = None
    auth_headers: list[SecretHeaderRow] | None = None
    timeout_ms: int | None = None
    response_mode: ResponseMode | None = None
    async_ack: str | None = None
    payload_format: PayloadFormat | None = None
    remote_name: str | None = None
    method: str | None = None
    query: JsonObject | None = None
    constants: JsonObject | None = None
    body: JsonValue = None


class BuiltinShown(Sparse):
    """A builtin source."""

    kind: Literal["builtin"]
    name: BuiltinName
    config: JsonObject | None = None


class IntegrationShown(Sparse):
    """An integration source."""

    kind: Literal["integration"]
    installation_id: str
    app_key: str
    action_key: str
    config: JsonObject | None = None


SourceShown = Annotated[InlineShown | WebhookShown | BuiltinShown | IntegrationShown, Field(discriminator="kind")]
