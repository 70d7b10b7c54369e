"""The facts of a new session that neither agent nor caller decides."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from speko_core.ports.rooms import Transport
from speko_core.principal import Mode
from speko_core.types import JsonObject

T = TypeVar("T")


@dataclass(frozen=True)
class Frame:
    """Where and when a session is created, from which version of which tools, and where it will be heard."""

    session_id: str
    organization_id: str
    mode: Mode
    transport: Transport
    expires_at: datetime
    now: datetime
    environment: str | None = None
    # Whether the organization lets its calls be recorded.
    may_record: bool = False
    # The agent's tools by name, as its version has them.
    tools: dict[str, JsonObject] = field(default_factory=dict)


def first(own: T | None, default: T | None) -> T | None:
    """The call's own value where it gave one."""
    return default if own is None else own
