"""Requests and answers about provider keys. No answer ever holds a key."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from speko_core.schemas import Input, Output, WireTime

Provider = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
# Visible characters only: a pasted line break would make a request header that no server accepts.
ApiKey = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096, pattern=r"^[!-~]+$")]


class ProviderKeyPut(Input):
    """The organization's key of one vendor; replaces the one before."""

    provider: Provider = Field(description="A vendor of GET /v1/providers, such as `deepgram`.")
    api_key: ApiKey = Field(repr=False, description="Stored encrypted, used for this organization, never shown again.")


class ProviderRef(Input):
    """Names one vendor."""

    provider: str = Field(max_length=80)


class ProviderStatus(Output):
    """Whether calls to a vendor have a key, and whose."""

    provider: str
    name: str
    configured: bool = Field(description="Calls of this organization have a key for it.")
    source: Literal["BYOK"] | None = Field(description="`BYOK` for the organization's own key, null otherwise.")
    updated_at: WireTime | None = Field(description="When the organization's key was stored.")


class ProviderStatuses(Output):
    """Every vendor that takes a key."""

    providers: list[ProviderStatus]
