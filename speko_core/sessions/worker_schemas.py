"""What our own workers say about themselves and the sessions they hold, and what they are told."""

from typing import Literal

from pydantic import Field

from speko_core.schemas import Input, Output, WireTime
from speko_core.sessions.plan import SessionPlan
from speko_core.sessions.schemas import PlainText, SessionId, StatusName

INSTANCE_CHARACTERS = 80


class WorkerHeartbeat(Input):
    """What a worker says about itself every two seconds."""

    instance_id: PlainText = Field(min_length=1, max_length=INSTANCE_CHARACTERS)
    address: str = Field(pattern=r"^wss?://[^\s/]+(/[^\s]*)?$", max_length=255)
    capacity: int = Field(ge=0, le=100_000)
    active: int = Field(ge=0, le=100_000)
    ready: bool


class Accepted(Output):
    """The heartbeat was written."""

    ok: Literal[True]


class SessionClaim(Input):
    """A worker takes a session."""

    id: SessionId
    instance_id: PlainText = Field(min_length=1, max_length=INSTANCE_CHARACTERS)


class SessionClaimed(Output):
    """Everything the worker needs, once."""

    plan: SessionPlan
    signature: str
    token: str
    expires_at: WireTime


class SessionFinish(SessionClaim):
    """The worker is done. `error` is a machine word of ours, never an upstream text."""

    status: Literal["ended", "failed"]
    reason: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    error: str | None = Field(None, max_length=200)


class SessionStatus(Output):
    """The session as the gateway sees it; `ending` asks the worker to stop."""

    status: StatusName
