"""What the endpoints ask of the provider behind them."""

from typing import Any, Protocol

from mcp.server.auth.provider import OAuthAuthorizationServerProvider


class ResourceServer(OAuthAuthorizationServerProvider[Any, Any, Any], Protocol):
    """An authorization server that knows for which resource its tokens are."""

    @property
    def resource(self) -> str:
        """The audience of its tokens."""
        ...

    def serves(self, resource: str | None) -> bool:
        """True when tokens for this resource are ours to issue."""
        ...
