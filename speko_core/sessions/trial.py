"""A session to try an agent: the shortest way from an agent to somebody speaking with it."""

from pydantic import Field

from speko_core.agents.choice import chosen_agent
from speko_core.context import Ctx
from speko_core.schemas import Input, Output, WireTime
from speko_core.sessions.create import create
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.sessions.variables import GivenVariables

TTL_S = 900
ENVIRONMENT = r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$"


class TestSessionStart(Input):
    """Which agent to try."""

    agent_id: str | None = Field(None, max_length=80, description="From list_agents; absent: the oldest agent.")
    environment: str | None = Field(None, pattern=ENVIRONMENT, description="Deployed version; default `production`.")
    variables: GivenVariables | None = Field(None, description="Values for the prompt's placeholders.")
    ttl_seconds: int = Field(TTL_S, ge=30, le=3_600, description="How long the page works, and the call at most.")


class TestSession(Output):
    """Where to speak."""

    session_id: str
    talk_url: str = Field(description="Page to open in a browser and speak.", json_schema_extra={"format": "uri"})
    expires_at: WireTime
    agent_id: str
    agent_name: str


async def start(ctx: Ctx, data: TestSessionStart) -> TestSession:
    """Create the session.

    Raises:
        NotFound: no such agent here, or no such environment of it.
        Failed: `SESSION_CREATE_FAILED`; nothing is left behind.
    """
    agent = await chosen_agent(ctx, data.agent_id)
    request = SessionCreate(
        agent_id=agent.id, environment=data.environment, variables=data.variables, ttl_seconds=data.ttl_seconds
    )
    made = await create(ctx, request)
    return TestSession(
        session_id=made.session_id,
        talk_url=made.talk_url,
        expires_at=made.expires_at,
        agent_id=agent.id,
        agent_name=agent.name,
    )
