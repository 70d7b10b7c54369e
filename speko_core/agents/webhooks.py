"""Setting an agent's own webhooks: URLs checked, secrets sealed, what is stored holds references."""

from speko_core.agents.secrets import keep, known_refs
from speko_core.agents.webhook_config import AgentWebhook, AgentWebhooks
from speko_core.context import Ctx
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.outbound.urls import check_url
from speko_core.types import JsonObject, JsonValue
from speko_core.webhooks.signing import check_secret

_WRITTEN_ONLY = {"secret", "auth_headers"}
_RESERVED = {"host", "content-length", "connection", "transfer-encoding"}


async def with_webhooks(ctx: Ctx, agent_id: str, stored: JsonValue, given: AgentWebhooks | None) -> JsonObject | None:
    """The stored webhooks after this change: those given replaced, those given as null removed; None clears all.

    Raises:
        InvalidInput: a URL, secret or header that may not be used; names the field.
    """
    if given is None:
        return None
    kept: JsonObject = dict(stored) if isinstance(stored, dict) else {}
    secrets: dict[str, str] = {}
    for name, webhook in given.items():
        if webhook is None:
            kept.pop(name, None)
        else:
            kept[name] = await _stored(ctx, agent_id, name, webhook, secrets)
    await keep(ctx, agent_id, secrets)
    return kept or None


async def _stored(ctx: Ctx, agent_id: str, name: str, webhook: AgentWebhook, secrets: dict[str, str]) -> JsonObject:
    check_url(webhook.url, ctx.deps.settings, f"webhooks.{name}.url")
    ref = f"agent-webhook:{agent_id}:{name}"
    if webhook.secret is not None:
        secrets[ref] = _checked(f"webhooks.{name}.secret", webhook.secret)
    document: JsonObject = webhook.model_dump(mode="json", by_alias=True, exclude=_WRITTEN_ONLY)
    document["secretRef"] = ref
    if webhook.auth_headers:
        document["authHeaders"] = await _headers(ctx, agent_id, name, webhook, secrets)
    _check_names(name, webhook)
    return document


async def _headers(
    ctx: Ctx, agent_id: str, name: str, webhook: AgentWebhook, secrets: dict[str, str]
) -> list[JsonValue]:
    """References to the secret headers, after taking their values.

    Raises:
        InvalidInput: a header without a value that has none stored.
    """
    rows: list[JsonValue] = []
    for header in webhook.auth_headers or ():
        ref = f"agent-webhook:{agent_id}:{name}:{header.name.lower()}"
        if header.value is not None:
            secrets[ref] = header.value
        elif not await known_refs(ctx.db, agent_id, [ref]):
            raise _invalid(f"webhooks.{name}.authHeaders", f"{header.name} needs a value: none is stored")
        rows.append({"name": header.name, "secretRef": ref})
    return rows


def _check_names(name: str, webhook: AgentWebhook) -> None:
    used = [header.lower() for header in (*(h.name for h in webhook.auth_headers or ()), *(webhook.headers or {}))]
    ours = next((header for header in used if header in _RESERVED or header.startswith("webhook-")), None)
    if ours:
        raise _invalid(f"webhooks.{name}.headers", f"{ours} is set by us")
    if len(set(used)) < len(used):
        raise _invalid(f"webhooks.{name}.authHeaders", "must name each header once, also among headers")


def _checked(field: str, secret: str) -> str:
    try:
        return check_secret(secret)
    except ValueError as problem:
        raise _invalid(field, str(problem)) from None


def _invalid(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"{field}: {problem}", fields=[FieldProblem(field, problem)])
