"""What must hold of a version before sessions are served by it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from speko_core.agents.schemas import AgentRow
from speko_core.context import Ctx
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.late import LateModule
from speko_core.outbound.urls import url_problem
from speko_core.providers.base import Modality
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.routing.router import decide
from speko_core.tools.handover import handover_problems, handovers
from speko_core.types import JsonObject
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
    return [*found, *await _handovers(ctx, agent, content)]


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


def _urls(content: JsonObject) -> Iterator[tuple[str, str]]:
    """Every address the version would have us call, with where it stands."""
    tools, webhooks = content.get("tools"), content.get("webhooks")
    for name, tool in tools.items() if isinstance(tools, dict) else ():
        source = tool.get("source") if isinstance(tool, dict) else None
        if isinstance(source, dict) and isinstance(source.get("url"), str):
            yield f"tools.{name}.source.url", str(source["url"])
    for name, webhook in webhooks.items() if isinstance(webhooks, dict) else ():
        if isinstance(webhook, dict) and isinstance(webhook.get("url"), str):
            yield f"webhooks.{name}.url", str(webhook["url"])
