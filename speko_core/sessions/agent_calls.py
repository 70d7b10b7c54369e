"""`GET /v1/agents/{id}/calls`: an agent's sessions in the snake_case words of the calls pages."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import select

from speko_core.agents import service as agents
from speko_core.agents.schemas import AgentRef
from speko_core.context import Ctx
from speko_core.pagination import after
from speko_core.schemas import Input, WireTime
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.render import duration_s

DEFAULT_LIMIT = 50


class AgentCallsQuery(Input):
    """A page of an agent's calls, newest first."""

    id: Annotated[str, Field(description="Agent id.", max_length=80)]
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=100)
    cursor: AwareDatetime | None = Field(None, description="`next_cursor` of the previous page.")
    since: AwareDatetime | None = Field(None, description="Only calls created at or after this timestamp.")


class _SnakeOutput(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AgentCall(_SnakeOutput):
    """One call of the agent."""

    id: str
    call_id: str
    resource_uri: str
    agent_id: str
    status: str
    kind: str
    room_name: str | None
    language: str
    created_at: WireTime
    ended_at: WireTime | None
    duration_seconds: int | None
    recording_status: str | None


class AgentCallPage(_SnakeOutput):
    """`entries` repeats `calls`: clients of both names exist."""

    calls: list[AgentCall]
    entries: list[AgentCall]
    next_cursor: str | None = Field(json_schema_extra={"format": "date-time"})


async def agent_calls(ctx: Ctx, data: AgentCallsQuery) -> AgentCallPage:
    """One page.

    Raises:
        NotFound: no such agent here.
    """
    agent = await agents.get(ctx, AgentRef(id=data.id))
    statement = select(VoiceSession).where(VoiceSession.agent_id == agent.id)
    if data.since is not None:
        statement = statement.where(VoiceSession.created_at >= data.since)
    cursor = data.cursor.isoformat() if data.cursor else None
    statement = after(statement, VoiceSession.created_at, VoiceSession.id, cursor).limit(data.limit + 1)
    rows = (await ctx.db.execute(statement)).scalars().all()
    calls = [_call(row) for row in rows[: data.limit]]
    # Microseconds, unlike other times on the wire: the next page starts exactly after this row.
    last = rows[data.limit - 1].created_at.isoformat().replace("+00:00", "Z") if len(rows) > data.limit else None
    return AgentCallPage(calls=calls, entries=calls, next_cursor=last)


def _call(row: VoiceSession) -> AgentCall:
    assert row.agent_id is not None
    return AgentCall(
        id=row.id,
        call_id=row.id,
        resource_uri=f"speko://calls/{row.id}",
        agent_id=row.agent_id,
        status=row.status,
        kind=row.kind,
        room_name=row.room_name,
        language=row.language,
        created_at=row.created_at,
        ended_at=row.ended_at,
        duration_seconds=duration_s(row),
        recording_status=row.recording_status,
    )
