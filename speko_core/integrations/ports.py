"""The outside as this folder needs it: what a process talks to, without the rest of it."""

from typing import Protocol

import httpx

from speko_core.db.engine import Database
from speko_core.ports.clock import Clock
from speko_core.ports.secrets import Secrets
from speko_core.settings import Settings


class Ports(Protocol):
    """`Deps` fits, and so does the implementation of the integrations port, which `Deps` is built from."""

    @property
    def settings(self) -> Settings:
        """The configuration."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def secrets(self) -> Secrets:
        """Sealing and digests."""
        ...

    @property
    def database(self) -> Database:
        """Transactions."""
        ...

    @property
    def outbound(self) -> httpx.AsyncClient:
        """The guarded client."""
        ...
