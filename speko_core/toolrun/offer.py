"""Which tools a completion has: those of the session's agent, and those of the request resolved to stored ones."""

from collections.abc import Sequence
from typing import get_args

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.deps import Deps
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.oneshot.schemas import ChatTool, ToolSource
from speko_core.principal import Principal
from speko_core.sessions import repository as sessions
from speko_core.sessions.models import VoiceSession
from speko_core.sessions.plan import PlanAgent, SessionPlan
from speko_core.sessions.signing import verify_plan
from speko_core.toolrun.tool import RunnableTool, from_definition
from speko_core.tools import repository
from speko_core.tools.builtins import BuiltinName, config_problems, is_builtin
from speko_core.tools.rendering import definition
from speko_core.tools.secrets import agent_of
from speko_core.types import JsonObject


async def session_of(deps: Deps, principal: Principal, session_id: str | None) -> VoiceSession | None:
    """The session a completion belongs to, when it is one of the caller's organization; any other id means none."""
    if session_id is None:
        return None
    async with deps.database.transaction(principal.organization_id, read_only=True) as db:
        return await sessions.get(db, session_id)


def plan_of(deps: Deps, session: VoiceSession) -> SessionPlan:
    """What the session was frozen to."""
    return verify_plan(deps.secrets, session.plan, session.plan_signature)


def agent_tools(agent: PlanAgent) -> list[RunnableTool]:
    """The tools frozen with an agent that run here; inline ones are offered by the code that runs them."""
    tools = [from_definition(name, kept, agent.agent_id) for name, kept in agent.tools.items()]
    return [tool for tool in tools if tool.kind != "inline"]


async def request_tools(
    deps: Deps, principal: Principal, tools: Sequence[ChatTool], session: VoiceSession | None
) -> list[RunnableTool]:
    """The tools of a request. A reference to a secret of ours brings the stored tool, whatever else was sent.

    Raises:
        InvalidInput: a tool cannot run, with the field.
    """
    if all(tool.kind == "inline" for tool in tools):
        return [_inline(tool) for tool in tools]
    resolver = _Resolver(principal, session)
    async with deps.database.transaction(principal.organization_id, read_only=True) as db:
        return [await resolver.resolve(db, index, tool) for index, tool in enumerate(tools)]


def _inline(tool: ChatTool) -> RunnableTool:
    kept: JsonObject = {
        "description": tool.description,
        "parameters": tool.parameters,
        "source": {"kind": "inline"},
        "preToolSpeech": tool.pre_tool_speech,
    }
    return from_definition(tool.name, kept, None)


class _Resolver:
    def __init__(self, principal: Principal, session: VoiceSession | None) -> None:
        self._principal, self._session = principal, session

    async def resolve(self, db: AsyncSession, index: int, tool: ChatTool) -> RunnableTool:
        where, source = f"tools[{index}].source", tool.source or ToolSource()
        if tool.kind == "inline":
            return _inline(tool)
        if tool.kind == "webhook":
            return await self._webhook(db, where, tool, source)
        if tool.kind == "builtin":
            return self._builtin(where, tool, source)
        return self._integration(where, tool, source)

    async def _webhook(self, db: AsyncSession, where: str, tool: ChatTool, source: ToolSource) -> RunnableTool:
        named = agent_of(source.secret_ref or "")
        row = None if named is None else await repository.named(db, *named)
        if row is None or row.name != tool.name or not self._may_use(row.agent_id):
            raise _invalid(
                f"{where}.secretRef",
                "names no webhook tool of this organization; register the tool, and send it as listed",
            )
        return from_definition(row.name, definition(row), row.agent_id)

    def _builtin(self, where: str, tool: ChatTool, source: ToolSource) -> RunnableTool:
        config = source.config if isinstance(source.config, dict) else {}
        if not is_builtin(source.name):
            raise _invalid(f"{where}.name", f"must be one of {', '.join(get_args(BuiltinName))}")
        problems = config_problems(source.name, config)
        if problems:
            raise _invalid(f"{where}.{problems[0].field.removeprefix('source.')}", problems[0].problem)
        agent_id = config.get("agentId")
        if isinstance(agent_id, str) and not self._may_use(agent_id):
            raise _invalid(f"{where}.config.agentId", "must be the agent of the session")
        own = agent_id if isinstance(agent_id, str) else self._session.agent_id if self._session else None
        return self._kept(tool, {"kind": "builtin", "name": source.name, "config": config}, own)

    def _integration(self, where: str, tool: ChatTool, source: ToolSource) -> RunnableTool:
        if not (source.installation_id and source.app_key and source.action_key):
            raise _invalid(where, "needs installationId, appKey and actionKey")
        if self._principal.kind == "session":
            raise _invalid(where, "actions of apps come from the session's agent")
        kept: JsonObject = {
            "kind": "integration",
            "installationId": source.installation_id,
            "appKey": source.app_key,
            "actionKey": source.action_key,
            "config": source.config if isinstance(source.config, dict) else {},
        }
        return self._kept(tool, kept, None)

    def _kept(self, tool: ChatTool, source: JsonObject, agent_id: str | None) -> RunnableTool:
        kept: JsonObject = {
            "description": tool.description,
            "parameters": tool.parameters,
            "source": source,
            "preToolSpeech": tool.pre_tool_speech,
        }
        return from_definition(tool.name, kept, agent_id)

    def _may_use(self, agent_id: str) -> bool:
        """A session's own credential reaches its own agent alone."""
        if self._principal.kind != "session":
            return True
        return self._session is not None and self._session.agent_id == agent_id


def _invalid(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"Invalid request: {field}: {problem}", fields=[FieldProblem(field, problem)])
