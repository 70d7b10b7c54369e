"""Where a delivery goes: an endpoint of the organization, or one of an agent's own webhooks, as they are right now.

A delivery keeps a reference and not a URL, so a wrong URL can be mended while it waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.agents.secrets import reveal
from speko_core.deps import Deps
from speko_core.types import JsonObject
from speko_core.webhooks import repository
from speko_core.webhooks.models import WebhookEndpoint
from speko_core.webhooks.schemas import DEFAULT_TIMEOUT_MS
from speko_core.webhooks.sealing import open_headers, open_secret

PRODUCTION = "production"


@dataclass(frozen=True)
class AgentWebhookRef:
    """One of an agent's own webhooks, as the version that serves in an environment has it."""

    agent_id: str
    name: str
    environment: str = PRODUCTION

    def __str__(self) -> str:
        suffix = "" if self.environment == PRODUCTION else f"@{self.environment}"
        return f"{self.agent_id}:{self.name}{suffix}"

    @classmethod
    def parse(cls, ref: str) -> "AgentWebhookRef | None":
        """None for the id of an endpoint of the organization."""
        agent_id, colon, rest = ref.partition(":")
        name, _, environment = rest.partition("@")
        return cls(agent_id, name, environment or PRODUCTION) if colon else None


@dataclass(frozen=True)
class Target:
    """A URL and how to call it. `secret` None means that the organization's secret signs."""

    url: str
    timeout_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str | None = field(default=None, repr=False)


async def find_target(deps: Deps, db: AsyncSession, ref: str) -> Target | None:
    """The target of a delivery's reference; None when it was removed."""
    agent = AgentWebhookRef.parse(ref)
    if agent is not None:
        settings = await agent_webhook(db, agent)
        return await _agent_target(deps, db, agent.agent_id, settings) if settings is not None else None
    row = await repository.endpoint(db, ref)
    return endpoint_target(deps, row) if row is not None else None


def endpoint_target(deps: Deps, row: WebhookEndpoint) -> Target:
    """The target of an endpoint of the organization."""
    sealed = row.sealed_signing_secret
    return Target(
        url=row.url,
        timeout_s=row.timeout_ms / 1000,
        headers=row.headers,
        secret_headers=open_headers(deps.secrets, row),
        secret=open_secret(deps.secrets, row, sealed) if sealed is not None else None,
    )


async def agent_webhook(db: AsyncSession, ref: AgentWebhookRef) -> JsonObject | None:
    """The stored settings of an agent's webhook; None when the version that serves has none."""
    content = await repository.agent_content(db, ref.agent_id, ref.environment)
    webhooks = content.get("webhooks")
    settings = webhooks.get(ref.name) if isinstance(webhooks, dict) else None
    return settings if isinstance(settings, dict) and settings.get("url") else None


async def _agent_target(deps: Deps, db: AsyncSession, agent_id: str, settings: JsonObject) -> Target:
    signing, headers = _text(settings.get("secretRef")), _header_refs(settings)
    values = await reveal(db, deps.secrets, agent_id, [signing, *headers.values()])
    plain = settings.get("headers")
    timeout_ms = settings.get("timeoutMs")
    return Target(
        url=_text(settings["url"]),
        timeout_s=(timeout_ms if isinstance(timeout_ms, int | float) else DEFAULT_TIMEOUT_MS) / 1000,
        headers={name: _text(value) for name, value in plain.items()} if isinstance(plain, dict) else {},
        secret_headers={name: values[ref] for name, ref in headers.items() if ref in values},
        secret=values.get(signing),
    )


def _header_refs(settings: JsonObject) -> dict[str, str]:
    listed = settings.get("authHeaders")
    headers = [header for header in listed if isinstance(header, dict)] if isinstance(listed, list) else []
    return {_text(header.get("name")): _text(header.get("secretRef")) for header in headers}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
