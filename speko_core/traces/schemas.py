"""Spans on the wire: those of OpenTelemetry, with the names of its GenAI conventions, as a tree."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from speko_core.schemas import Input, Output, WireTime
from speko_core.sessions.schemas import SessionId

Word = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16,32}$")]
Attribute = Word | bool | int | float


class Span(Output):
    """A stretch of a call. What lies within it is in `children`, oldest first; times of both may touch or overlap."""

    span_id: Id
    name: Word = Field(description="`invoke_agent …` for the call, `turn`, `chat …`, `execute_tool …` and so on.")
    start_time: WireTime
    end_time: WireTime
    duration_ms: float = Field(ge=0, allow_inf_nan=False)
    status: Literal["ok", "error"]
    attributes: dict[Word, Attribute] = Field(max_length=64)
    children: "list[Span]" = Field(max_length=1_000)


class TraceAdd(Input):
    """What a worker measured in one session; doing it again replaces."""

    id: SessionId
    trace_id: Id
    span_tree: Span


class Trace(Output):
    """The spans of a session."""

    session_id: str
    trace_id: str | None = Field(description="The id the same spans have where they were exported to.")
    span_tree: Span | None = Field(description="Null until the call is over, and where no worker took part.")
