"""Requests and answers about the organization."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from speko_core.schemas import Input, Output, WireTime

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Days = Annotated[int, Field(ge=1, le=3650)]


class OrganizationRow(Output):
    """Settings of the organization. Retention is in days; null leaves it to the installation."""

    id: str
    name: str
    recording_enabled: bool
    hipaa_mode: bool
    retention_days: int | None
    recording_retention_days: int | None
    transcript_retention_days: int | None
    created_at: WireTime
    updated_at: WireTime


class OrganizationUpdate(Input):
    """A partial change: absent fields stay; null leaves a retention to the installation."""

    name: Name | None = None
    recording_enabled: bool | None = Field(None, description="Whether calls may be recorded.")
    hipaa_mode: bool | None = Field(None, description="Switches recording off and keeps it off.")
    retention_days: Days | None = Field(None, description="How long calls are kept, with all that belongs to them.")
    recording_retention_days: Days | None = Field(None, description="How long recordings are kept, if less.")
    transcript_retention_days: Days | None = Field(None, description="How long transcripts are kept, if less.")

    @model_validator(mode="after")
    def _switches_and_name_cannot_be_cleared(self) -> Self:
        for name in ("name", "recording_enabled", "hipaa_mode"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{to_camel(name)} cannot be null")
        return self


class OrganizationDelete(Input):
    """The organization goes, with everything it has."""

    name: str = Field(max_length=200, description="The organization's name, exactly, as a confirmation.")


class ExportRef(Input):
    """Names one export."""

    id: str = Field(max_length=80, description="Export id, prefixed `export_`.")


class ExportRow(Output):
    """An export of the organization's data, a ZIP archive that is kept for seven days."""

    id: str
    status: Literal["pending", "ready"]
    size_bytes: int | None
    url: str | None = Field(description="Where to fetch it, without any other credential.")
    expires_in_seconds: int | None
