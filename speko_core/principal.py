"""Who is asking, and what they may do."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["live", "test"]
PrincipalKind = Literal["api_key", "user", "oauth", "session", "worker", "system"]

ALL_SCOPES: frozenset[str] = frozenset(
    {
        "account:read", "account:write",
        "agents:read", "agents:write",
        "calls:read", "calls:write",
        "keys:read", "keys:write",
        "sessions:read", "sessions:write", "sessions:turns",
        "inference:use",
        "audit:read",
        "docs:read",
        "webhooks:read", "webhooks:write",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Principal:
    """An authenticated caller: always inside exactly one organization, except workers.

    `mode` is `test` for `sk_test_` keys: offline providers only, never billed (ORG-4). `toolsets` narrows what an
    MCP client is offered; None leaves it to the client.
    """

    kind: PrincipalKind
    id: str
    organization_id: str
    scopes: frozenset[str]
    mode: Mode = "live"
    user_id: str | None = None
    label: str = ""
    session_id: str | None = None
    toolsets: frozenset[str] | None = None

    def may(self, scope: str) -> bool:
        """True when the principal holds `scope`."""
        return scope in self.scopes
