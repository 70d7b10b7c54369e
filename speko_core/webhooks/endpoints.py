"""Registering, changing and removing the organization's endpoints (TEL-10)."""

from collections.abc import Sequence

from sqlalchemy import select

from speko_core.agents.models import Agent
from speko_core.context import Ctx
from speko_core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from speko_core.ids import new_id
from speko_core.outbound.urls import check_url
from speko_core.schemas import Deleted, Nothing
from speko_core.webhooks import repository
from speko_core.webhooks.models import WebhookEndpoint
from speko_core.webhooks.schemas import (
    CUSTOM,
    DEFAULT_TIMEOUT_MS,
    WORKSPACE,
    AuthHeader,
    AuthHeaderStatus,
    AuthHeaderUpdate,
    EndpointCreate,
    EndpointList,
    EndpointRef,
    EndpointRow,
    EndpointUpdate,
)
from speko_core.webhooks.sealing import open_headers, seal_headers, seal_secret

MAX_ENDPOINTS = 100


async def list_endpoints(ctx: Ctx, data: Nothing) -> EndpointList:
    """Every endpoint, oldest first."""
    rows = await repository.endpoints(ctx.db, ctx.organization_id)
    return EndpointList(data=[_rendered(row) for row in rows])


async def get(ctx: Ctx, data: EndpointRef) -> EndpointRow:
    """One endpoint."""
    return _rendered(await _found(ctx, data.id))


async def create(ctx: Ctx, data: EndpointCreate) -> EndpointRow:
    """Register an endpoint.

    Raises:
        InvalidInput: the URL may not be called, or an agent is not the organization's.
        Conflict: `WEBHOOK_LIMIT`.
    """
    if len(await repository.endpoints(ctx.db, ctx.organization_id)) >= MAX_ENDPOINTS:
        raise Conflict(f"An organization has at most {MAX_ENDPOINTS} webhooks.", "WEBHOOK_LIMIT")
    check_url(data.url, ctx.deps.settings)
    row = WebhookEndpoint(
        id=new_id("wh"),
        organization_id=ctx.organization_id,
        name=data.name,
        url=data.url,
        events=_distinct(data.events),
        all_agents=True,
        timeout_ms=DEFAULT_TIMEOUT_MS,
        signing_secret_source=CUSTOM if data.signing_secret else WORKSPACE,
        content_mode="full",
        auth_header_names=[],
        agent_ids=[],
        filter_tags={},
        headers={},
        extraction_fields=[],
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
    await _apply(ctx, row, data)
    _set_auth_headers(ctx, row, data.auth_headers or [])
    ctx.db.add(row)
    await ctx.db.flush()
    return _rendered(row)


async def update(ctx: Ctx, data: EndpointUpdate) -> EndpointRow:
    """Change an endpoint; deliveries that wait go to it as it is then.

    Raises:
        NotFound: no such endpoint here.
        InvalidInput: as for `create`.
    """
    row = await _found(ctx, data.id)
    if data.url is not None:
        check_url(data.url, ctx.deps.settings)
        row.url = data.url
    row.name = data.name or row.name
    row.events = _distinct(data.events or row.events)
    await _apply(ctx, row, data)
    if "auth_headers" in data.model_fields_set:
        _set_auth_headers(ctx, row, data.auth_headers or [])
    row.updated_at = ctx.now()
    await ctx.db.flush()
    return _rendered(row)


async def delete(ctx: Ctx, data: EndpointRef) -> Deleted:
    """Remove an endpoint: what waits for it is cancelled, its secrets are gone, its past deliveries stay readable."""
    row = await _found(ctx, data.id)
    row.deleted_at = row.updated_at = ctx.now()
    row.sealed_auth_headers = row.sealed_signing_secret = None
    await repository.cancel_open(ctx.db, row.id, ctx.now())
    ctx.resource_id = row.id
    return Deleted(deleted=True)


async def _found(ctx: Ctx, endpoint_id: str) -> WebhookEndpoint:
    row = await repository.endpoint(ctx.db, endpoint_id)
    if row is None:
        raise NotFound("not found", hint="List the webhooks to find an id.")
    return row


async def _apply(ctx: Ctx, row: WebhookEndpoint, data: EndpointCreate | EndpointUpdate) -> None:
    given = data.model_fields_set
    if "all_agents" in given:
        row.all_agents = data.all_agents is not False
    if "agent_ids" in given:
        row.agent_ids = await _own_agents(ctx, data.agent_ids or [])
    if not row.all_agents and not row.agent_ids:
        raise _invalid("agentIds", "must name at least one agent when allAgents is false")
    if "filter_tags" in given:
        row.filter_tags = data.filter_tags or {}
    if "headers" in given:
        row.headers = data.headers or {}
    if "timeout_ms" in given:
        row.timeout_ms = data.timeout_ms or DEFAULT_TIMEOUT_MS
    if data.extraction_fields is not None:
        row.extraction_fields = [field.model_dump(mode="json", by_alias=True) for field in data.extraction_fields]
    if "content_mode" in given:
        row.content_mode = data.content_mode or "full"
    _set_secret(ctx, row, data)


def _set_secret(ctx: Ctx, row: WebhookEndpoint, data: EndpointCreate | EndpointUpdate) -> None:
    if data.signing_secret is not None:
        row.sealed_signing_secret = seal_secret(ctx.deps.secrets, row.organization_id, row.id, data.signing_secret)
        row.signing_secret_source = CUSTOM
    elif "signing_secret_source" in data.model_fields_set:
        row.signing_secret_source = data.signing_secret_source or WORKSPACE
    if row.signing_secret_source == WORKSPACE:
        row.sealed_signing_secret = None
    elif row.sealed_signing_secret is None:
        raise _invalid("signingSecret", "is required when signingSecretSource is custom")


def _set_auth_headers(ctx: Ctx, row: WebhookEndpoint, given: Sequence[AuthHeader | AuthHeaderUpdate]) -> None:
    stored = {name.lower(): value for name, value in open_headers(ctx.deps.secrets, row).items()}
    values: dict[str, str] = {}
    for header in given:
        value = header.value if header.value is not None else stored.get(header.name.lower())
        if value is None:
            raise _invalid("authHeaders", "a header that is not stored yet needs a value")
        values[header.name] = value
    row.auth_header_names = list(values)
    row.sealed_auth_headers = seal_headers(ctx.deps.secrets, row.organization_id, row.id, values) if values else None


async def _own_agents(ctx: Ctx, agent_ids: Sequence[str]) -> list[str]:
    wanted = _distinct(agent_ids)
    known = set((await ctx.db.execute(select(Agent.id).where(Agent.id.in_(wanted)))).scalars())
    if known != set(wanted):
        raise _invalid("agentIds", "must be ids of this organization's agents")
    return wanted


def _distinct(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _invalid(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"Invalid request: {field}: {problem}", fields=[FieldProblem(field, problem)])


def _rendered(row: WebhookEndpoint) -> EndpointRow:
    own = {name: getattr(row, name) for name in EndpointRow.model_fields if hasattr(row, name)}
    return EndpointRow.model_validate(
        {
            **own,
            "auth_headers": [AuthHeaderStatus(name=name, configured=True) for name in row.auth_header_names],
            "has_custom_signing_secret": row.sealed_signing_secret is not None,
            "legacy_managed": False,
        }
    )
