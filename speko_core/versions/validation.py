"""What must hold of a version before sessions are served by it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from speko_core.agents.schemas import AgentRow
from speko_core.agents.secrets import known_refs
from speko_core.context import Ctx
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.late import LateModule
from speko_core.outbound.urls import url_problem
from speko_core.providers.base import Modality
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.routing.router import decide
from speko_core.tools.handover import handover_problems, handovers
from speko_core.tools.registration import action_of
from speko_core.tools.sources import IntegrationSource
from speko_core.types import JsonObject, JsonValue
from speko_core.warming import warm_within

if TYPE_CHECKING:
    from speko_core.agents import templates
else:
    templates = LateModule("speko_core.agents.templates")

LEGS = (Modality.STT, Modality.LLM, Modality.TTS)


async def problems(ctx: Ctx, agent: AgentRow, content: JsonObject) -> list[FieldProblem]:
    """Everything that speaks against serving this version; empty when it may be deployed."""
    await warm_within(ctx.deps, ctx.organization_id, ctx.db)
    found = [*_texts(agent), *_routes(ctx, agent)]
    insecure = ctx.deps.settings.allow_insecure_webhooks
    for where, url in _urls(content):
        problem = url_problem(url, allow_insecure=insecure)
        if problem:
            found.append(FieldProblem(where, problem))
    secrets = await _secrets(ctx, agent, content)
    return [*found, *secrets, *await _handovers(ctx, agent, content), *await _actions(ctx, content)]


def _texts(agent: AgentRow) -> Iterator[FieldProblem]:
    if not agent.system_prompt.strip():
        yield FieldProblem("systemPrompt", "must not be empty")
    for where, text in (("systemPrompt", agent.system_prompt), ("firstMessage", agent.first_message or "")):
        try:
            templates.check(text)
        except templates.TemplateProblem as problem:
            yield FieldProblem(where, str(problem))


def _routes(ctx: Ctx, agent: AgentRow) -> Iterator[FieldProblem]:
    """One problem for each leg that no provider could serve, as routing stands now for live calls."""
    preferences = agent.stack_preferences.allowed_providers if agent.stack_preferences else None
    allowed = preferences.model_dump(exclude_none=True) if preferences else {}
    constraints = Constraints(allowed_providers=AllowedProviders.model_validate(allowed))
    intent = RoutingIntent(language=agent.intent.language)
    live = replace(ctx.principal, mode="live")
    for leg in LEGS:
        where = f"stackPreferences.allowedProviders.{leg.value}"
        try:
            ranked = decide(ctx.deps, live, leg, intent, constraints).ranked
        except InvalidInput as unknown:
            yield FieldProblem(where, unknown.fields[0].problem if unknown.fields else unknown.message)
            continue
        if not ranked:
            yield FieldProblem(where, f"no configured provider can serve {leg.value} in {agent.intent.language}")


async def _handovers(ctx: Ctx, agent: AgentRow, content: JsonObject) -> list[FieldProblem]:
    """The agents that a handover would look for in vain."""
    tools = content.get("tools")
    found: list[FieldProblem] = []
    for name, config in handovers(tools if isinstance(tools, dict) else {}):
        problems = await handover_problems(ctx.db, agent.id, config.model_dump(by_alias=True))
        found += [FieldProblem(f"tools.{name}.{problem.field}", problem.problem) for problem in problems]
    return found


async def _secrets(ctx: Ctx, agent: AgentRow, content: JsonObject) -> list[FieldProblem]:
    """The secret headers that are named and have no value, as a migration may leave them."""
    named = {ref: where for where, ref in _secret_headers(content)}
    known = await known_refs(ctx.db, agent.id, named)
    return [FieldProblem(where, "needs a value: none is stored") for ref, where in named.items() if ref not in known]


def _secret_headers(content: JsonObject) -> Iterator[tuple[str, str]]:
    """Where each secret header stands, and its reference."""
    calls = [(f"tools.{name}.source", source) for name, source in _sources(content)]
    calls += [(f"webhooks.{name}", one) for name, one in _objects(content.get("webhooks"))]
    for where, call in calls:
        headers = call.get("authHeaders")
        for header in headers if isinstance(headers, list) else ():
            if isinstance(header, dict):
                yield f"{where}.authHeaders.{header.get('name')}", str(header.get("secretRef"))


async def _actions(ctx: Ctx, content: JsonObject) -> list[FieldProblem]:
    """The actions of apps and tools of MCP servers that would fail when they are called."""
    found: list[FieldProblem] = []
    for name, source in _sources(content):
        if source.get("kind") != "integration":
            continue
        action = action_of(IntegrationSource.model_validate(source))
        problem = await ctx.deps.integrations.problem(ctx.db, action)
        if problem is None and not await ctx.deps.integrations.is_live(ctx.db, action):
            problem = "names an account that is not connected now; connect it again"
        if problem:
            found.append(FieldProblem(f"tools.{name}.source.installationId", problem))
    return found


def _sources(content: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Where each of the version's tools runs, by the tool's name."""
    for name, tool in _objects(content.get("tools")):
        source = tool.get("source")
        if isinstance(source, dict):
            yield name, source


def _objects(value: JsonValue) -> Iterator[tuple[str, JsonObject]]:
    """The objects of an object, by name."""
    for name, one in value.items() if isinstance(value, dict) else ():
        if isinstance(one, dict):
            yield name, one


def _urls(content: JsonObject) -> Iterator[tuple[str, str]]:
    """Every address the version would have us call, with where it stands."""
    for name, source in _sources(content):
        if isinstance(source.get("url"), str):
            yield f"tools.{name}.source.url", str(source["url"])
    for name, webhook in _objects(content.get("webhooks")):
        if isinstance(webhook.get("url"), str):
            yield f"webhooks.{name}.url", str(webhook["url"])
