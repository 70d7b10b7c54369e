"""Base classes of everything on the wire: camelCase names, milliseconds and `Z` in timestamps."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.alias_generators import to_camel


def wire_time(value: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`, as the official clients parse it."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


WireTime = Annotated[datetime, PlainSerializer(wire_time, return_type=str, when_used="json")]


class Input(BaseModel):
    """A request. Unknown fields are ignored over REST: old clients send more than they should.

    Its validator is built with the first request of its kind (`defer_build`): hundreds of them are megabytes.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", str_max_length=200_000, defer_build=True
    )

    # PostgreSQL cannot store U+0000; `execute` refuses it everywhere but in inputs that remove it themselves.
    removes_nul: ClassVar[bool] = False


class StrictInput(Input):
    """A request object the pages call strict: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """An answer. Fields have no defaults, so a client sees every field it may rely on."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, defer_build=True)


class Nothing(Input):
    """No input."""


class Deleted(Output):
    """Answer of a deletion."""

    # The published contract writes the one allowed value as text; a boolean is what is sent.
    deleted: bool = Field(json_schema_extra={"enum": [True, "true"]})


class Sparse(StrictInput):
    """A nested object that is stored as given: strict on input, absent fields stay absent on output."""

    @model_serializer(mode="wrap")
    def _without_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {name: value for name, value in handler(self).items() if value is not None}
