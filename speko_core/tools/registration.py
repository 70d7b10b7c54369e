"""Turning a source as written into the one that is stored: checked, with its secrets replaced by references."""

import re
from dataclasses import dataclass, field

from speko_core.agents.secrets import known_refs
from speko_core.context import Ctx
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.outbound.urls import check_url
from speko_core.ports.integrations import Action
from speko_core.tools.builtins import config_problems
from speko_core.tools.handover import handover_problems
from speko_core.tools.secrets import header_ref, signing_ref
from speko_core.tools.sources import BuiltinSource, IntegrationSource, Source, WebhookSource
from speko_core.types import JsonObject, JsonValue
from speko_core.webhooks.signing import check_secret

# What a migrated configuration says where a person must still fill in a credential.
_PLACEHOLDER = re.compile(r"\[set [A-Z0-9_]+\]")
_SECRET_FIELDS = {"secret", "auth_headers"}
_RESERVED = {"host", "content-length", "connection", "transfer-encoding"}
_URL_ARGUMENT = re.compile(r"\{{1,2}\s*[A-Za-z_]\w*\s*\}{1,2}")


@dataclass(frozen=True)
class Registered:
    """A source ready to be stored, and the values to seal by reference."""

    source: JsonObject
    secrets: dict[str, str] = field(default_factory=dict)


async def registered(ctx: Ctx, agent_id: str, tool_name: str, source: Source) -> Registered:
    """Check a source and take its secrets out.

    Raises:
        InvalidInput: one entry for each wrong field.
    """
    if isinstance(source, WebhookSource):
        return await _webhook(ctx, agent_id, tool_name, source)
    if isinstance(source, BuiltinSource):
        await _check_builtin(ctx, agent_id, source)
    if isinstance(source, IntegrationSource):
        await _check_integration(ctx, source)
    return Registered(_document(source))


def action_of(source: IntegrationSource) -> Action:
    """The action an integration source names."""
    return Action(source.installation_id, source.app_key, source.action_key, source.config or {})


async def _webhook(ctx: Ctx, agent_id: str, tool_name: str, source: WebhookSource) -> Registered:
    # A placeholder in the path is the model's argument; the host is checked as it stands.
    check_url(_URL_ARGUMENT.sub("x", source.url), ctx.deps.settings, "source.url")
    _check_mode(source)
    values: dict[str, str] = {}
    if _given(source.secret):
        values[signing_ref(agent_id, tool_name)] = _checked(str(source.secret))
    refs: list[JsonValue] = []
    for header in source.auth_headers or []:
        ref = header_ref(agent_id, tool_name, header.name)
        refs.append({"name": header.name, "secretRef": ref})
        if _given(header.value):
            values[ref] = str(header.value)
    await _check_headers(ctx, agent_id, tool_name, source, values)
    stored = {**_document(source, _SECRET_FIELDS), "secretRef": signing_ref(agent_id, tool_name)}
    return Registered({**stored, "authHeaders": refs} if refs else stored, values)


def _given(value: str | None) -> bool:
    return value is not None and not _PLACEHOLDER.fullmatch(value)


def _checked(secret: str) -> str:
    try:
        return check_secret(secret)
    except ValueError as error:
        raise _invalid("source.secret", str(error)) from None


def _check_mode(source: WebhookSource) -> None:
    if source.response_mode == "async" and not (source.async_ack or "").strip():
        raise _invalid("source.asyncAck", "is required with responseMode async: it is what the model is told")
    host = source.url.partition("://")[2].partition("/")[0]
    if "{" in host:
        raise _invalid("source.url", "must not have a placeholder in its host")


async def _check_headers(
    ctx: Ctx, agent_id: str, tool_name: str, source: WebhookSource, values: dict[str, str]
) -> None:
    """A secret header without a value must have one stored; a placeholder says that it is still to come."""
    silent = [header.name for header in source.auth_headers or [] if header.value is None]
    refs = {header_ref(agent_id, tool_name, name): name for name in silent}
    missing = set(refs) - await known_refs(ctx.db, agent_id, refs) - set(values)
    if missing:
        raise _invalid("source.authHeaders", f"{refs[min(missing)]} needs a value: none is stored")
    names = [name.lower() for name in (*(header.name for header in source.auth_headers or []), *(source.headers or {}))]
    reserved = [name for name in names if name in _RESERVED or name.startswith("webhook-")]
    if reserved:
        raise _invalid("source.headers", f"{reserved[0]} is set by us")
    if len(set(names)) < len(names):
        raise _invalid("source.authHeaders", "must name each header once, also among headers")


async def _check_builtin(ctx: Ctx, agent_id: str, source: BuiltinSource) -> None:
    problems = config_problems(source.name, source.config)
    if problems:
        raise _all_invalid(problems)
    named = (source.config or {}).pop("agentId", agent_id)
    if named != agent_id:
        raise _invalid("source.config.agentId", "must be the agent that has the tool")
    if source.name == "transfer_to_agent":
        problems = await handover_problems(ctx.db, agent_id, source.config or {})
        if problems:
            raise _all_invalid(problems)


async def _check_integration(ctx: Ctx, source: IntegrationSource) -> None:
    problem = await ctx.deps.integrations.problem(ctx.db, action_of(source))
    if problem:
        raise _invalid("source.installationId", problem)


def _document(source: Source, without: set[str] | None = None) -> JsonObject:
    dumped: JsonObject = source.model_dump(mode="json", by_alias=True, exclude=without)
    return {name: value for name, value in dumped.items() if value is not None}


def _invalid(field: str, problem: str) -> InvalidInput:
    return _all_invalid((FieldProblem(field, problem),))


def _all_invalid(problems: tuple[FieldProblem, ...]) -> InvalidInput:
    named = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems)
    return InvalidInput(f"Invalid request: {named}", fields=problems)
