"""The agent under test: a build as a session would have it, frozen into a plan, without a row being stored."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from speko_core.agents.models import Agent as AgentRecord
from speko_core.agents.render import render
from speko_core.agents.schemas import AgentCreate
from speko_core.context import Ctx
from speko_core.errors import InvalidInput
from speko_core.ids import new_id, new_session_id
from speko_core.migration.build import AgentBuild
from speko_core.sessions.compose import compose
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.sessions.frame import Frame
from speko_core.sessions.plan import SessionPlan
from speko_core.toolrun.tool import RunnableTool, from_definition
from speko_core.types import JsonObject
from speko_core.validation import field_problems

_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class Stage:
    """One built agent, ready to be tried."""

    build: AgentBuild
    plan: SessionPlan
    tools: dict[str, RunnableTool]

    def builtin(self, name: str) -> RunnableTool | None:
        """The tool that is this builtin, whatever it is called here."""
        return next((tool for tool in self.tools.values() if getattr(tool.source, "name", None) == name), None)


def plan_of(ctx: Ctx, build: AgentBuild, variables: dict[str, str]) -> SessionPlan:
    """What a session of the agent would be frozen to.

    Raises:
        InvalidInput: a session would be refused, such as for a variable without a value.
    """
    now = ctx.now()
    data = AgentCreate.model_validate(build.agent_create_payload)
    config: JsonObject = data.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"name", "webhooks"})
    agent = AgentRecord(
        id=new_id("agent"),
        organization_id=ctx.organization_id,
        name=data.name,
        config=config,
        version=1,
        created_at=now,
        updated_at=now,
    )
    frame = Frame(new_session_id(), ctx.organization_id, "test", "text", now + _LIFE, now)
    declared = build.session_config.get("variables")
    given: JsonObject = {**(declared if isinstance(declared, dict) else {}), **variables}
    wanted: JsonObject = {**build.session_config, "agentId": agent.id, "variables": given}
    try:
        asked = SessionCreate.model_validate(wanted)
    except ValidationError as error:
        problems = field_problems(error)
        named = "; ".join(f"{one.field}: {one.problem}" for one in problems[:3])
        raise InvalidInput(f"Invalid request: {named}", fields=problems) from None
    return compose(frame, asked, render(agent))


def tools_of(build: AgentBuild) -> dict[str, RunnableTool]:
    """The agent's tools as a model is offered them. Every answer is made up: nothing here calls anybody."""
    made: dict[str, RunnableTool] = {}
    for body in (*build.tools, *filter(None, [build.handoff_tool])):
        source = body["source"]
        assert isinstance(source, dict)
        shown: JsonObject = {name: value for name, value in source.items() if name not in ("secret", "authHeaders")}
        if source.get("kind") == "webhook":
            shown["secretRef"] = ""
        simulation: JsonObject = {"mode": "mock", "response": f"The tool {body['name']} was called."}
        definition: JsonObject = {**body, "source": shown, "simulation": simulation}
        made[str(body["name"])] = from_definition(str(body["name"]), definition, None)
    return made
