"""Who is asking, and what they may do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Mode = Literal["live", "test"]
PrincipalKind = Literal["api_key", "user", "oauth", "session", "worker", "system"]

# Groups of tools that an MCP client, a key or a grant can be limited to.
Toolset = Literal[
    "account", "agents", "tools", "knowledge", "sessions", "calls", "routing", "integrations", "webhooks", "docs",
    "migrate",
]  # fmt: skip

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


def read_only(scopes: Iterable[str]) -> frozenset[str]:
    """What is left of scopes for somebody who must not change anything."""
    return frozenset(scope for scope in scopes if scope.endswith(":read"))
