"""What opens `WS /v1/transcribe/stream`."""

from typing import Literal

from pydantic import Field

from speko_core.oneshot.schemas import SttOptions
from speko_core.routing.intent import Constraints, RoutingIntent
from speko_core.schemas import Input


class ListenInput(Input):
    """The first message."""

    type: Literal["start"] | None = None
    intent: RoutingIntent
    constraints: Constraints | None = None
    options: SttOptions = SttOptions()
    sample_rate: int = Field(16_000, ge=8_000, le=48_000, description="Of the 16-bit mono PCM that follows, in Hz.")
    interim_results: bool = True
    session_id: str | None = Field(None, max_length=80, description="Session the usage belongs to.")


class Command(Input):
    """A later message that is text."""

    type: Literal["finalize", "end", "keepalive"]
