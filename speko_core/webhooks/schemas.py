"""Requests and answers about endpoints and the organization's signing secret. Only a rotation answers a secret."""

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from speko_core.agents.config import ExtractionField
from speko_core.schemas import Input, Output, StrictInput, WireTime
from speko_core.webhooks.events import EventName
from speko_core.webhooks.headers import MAX_HEADERS, HeaderName, HeaderValue
from speko_core.webhooks.models import NAME_LENGTH
from speko_core.webhooks.signing import check_secret

DEFAULT_TIMEOUT_MS, LEAST_TIMEOUT_MS, MOST_TIMEOUT_MS = 10_000, 500, 30_000
MAX_AGENTS, MAX_TAGS = 500, 50
DAY_S = 24 * 3600

EndpointName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2048)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Tags = Annotated[dict[Tag, Annotated[str, StringConstraints(max_length=500)]], Field(max_length=MAX_TAGS)]
Secret = Annotated[str, AfterValidator(check_secret)]
SecretSource = Literal["workspace", "custom"]
WORKSPACE: Final = "workspace"
CUSTOM: Final = "custom"
ContentMode = Literal["full", "metadata_only"]


class AuthHeader(StrictInput):
    """A header whose value is stored encrypted and never shown again."""

    name: HeaderName
    value: HeaderValue = Field(repr=False)


class AuthHeaderUpdate(StrictInput):
    """As on creation; without a value the stored one of this name stays."""

    name: HeaderName
    value: HeaderValue | None = Field(None, repr=False)


class _EndpointFields(Input):
    """What creation and change have in common; null means the default, or on a change: clear."""

    all_agents: bool | None = Field(None, description="Hear of every agent's calls; default true.")
    agent_ids: list[str] | None = Field(
        None, max_length=MAX_AGENTS, description="Only these agents' calls; needed when `allAgents` is false."
    )
    filter_tags: Tags | None = Field(
        None, description="Only calls whose `webhookTags` have every one of these, with exactly these values."
    )
    headers: dict[HeaderName, HeaderValue] | None = Field(None, max_length=MAX_HEADERS)
    timeout_ms: int | None = Field(None, ge=LEAST_TIMEOUT_MS, le=MOST_TIMEOUT_MS, description="Default 10000.")
    signing_secret_source: SecretSource | None = Field(
        None, description="`workspace` signs with the organization's secret, `custom` with this endpoint's own."
    )
    signing_secret: Secret | None = Field(
        None, repr=False, description="Base64, with or without `whsec_`; stored encrypted, never shown again."
    )
    extraction_fields: list[ExtractionField] | None = Field(None, max_length=100)
    content_mode: ContentMode | None = Field(
        None, description="`metadata_only` leaves out everything that was said, written or recorded."
    )

    @model_validator(mode="after")
    def _a_secret_is_custom(self) -> Self:
        if self.signing_secret is not None and self.signing_secret_source == WORKSPACE:
            raise ValueError("signingSecret needs signingSecretSource custom")
        return self


class EndpointCreate(_EndpointFields):
    """A URL that wants to hear of events."""

    name: EndpointName
    url: Url = Field(description="An https URL of a public host.")
    events: list[EventName] = Field(min_length=1, max_length=50)
    auth_headers: list[AuthHeader] | None = Field(None, max_length=MAX_HEADERS)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.signing_secret_source == CUSTOM and self.signing_secret is None:
            raise ValueError("signingSecret is required when signingSecretSource is custom")
        return self


class EndpointUpdate(_EndpointFields):
    """A partial change: absent fields stay; null clears, save `extractionFields`, which an empty list clears."""

    id: str = Field(description="Endpoint id, prefixed `wh_`.", max_length=80)
    name: EndpointName | None = None
    url: Url | None = None
    events: list[EventName] | None = Field(None, min_length=1, max_length=50)
    auth_headers: list[AuthHeaderUpdate] | None = Field(None, max_length=MAX_HEADERS)

    @model_validator(mode="after")
    def _required_fields_cannot_be_cleared(self) -> Self:
        for name in ("name", "url", "events"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


class EndpointRef(Input):
    """Names one endpoint."""

    id: str = Field(description="Endpoint id, prefixed `wh_`.", max_length=80)


class AuthHeaderStatus(Output):
    """A secret header, without its value."""

    name: str
    configured: Literal[True]


class EndpointRow(Output):
    """An endpoint of the organization."""

    id: str = Field(description="Endpoint id, prefixed `wh_`.")
    name: str
    url: str
    events: list[EventName]
    all_agents: bool
    agent_ids: list[str]
    filter_tags: dict[str, str]
    headers: dict[str, str]
    auth_headers: list[AuthHeaderStatus]
    timeout_ms: int
    signing_secret_source: SecretSource
    has_custom_signing_secret: bool
    extraction_fields: list[ExtractionField]
    content_mode: ContentMode
    legacy_managed: bool = Field(description="Always false here: an agent's own webhooks are not listed.")
    created_at: WireTime
    updated_at: WireTime


class EndpointList(Output):
    """Every endpoint, oldest first."""

    data: list[EndpointRow]


class SigningSecretRotate(Input):
    """How long the secrets before the new one go on signing."""

    overlap_seconds: int = Field(
        DAY_S, ge=0, le=7 * DAY_S, description="Seconds both sign; default a day, 0 when the old one has leaked."
    )


class RetiringSecret(Output):
    """A secret that has been replaced and still signs."""

    created_at: WireTime
    signs_until: WireTime


class SigningSecretState(Output):
    """What is known of the organization's signing secret without showing it."""

    configured: bool = Field(description="False until the first request was signed or the secret was rotated.")
    created_at: WireTime | None
    previous: list[RetiringSecret]


class SigningSecretValue(SigningSecretState):
    """A new secret. It is in this answer and nowhere else."""

    secret: str = Field(description="`whsec_` and base64, as the standardwebhooks libraries take it.")
