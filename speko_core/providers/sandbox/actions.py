"""What `sandbox-1` decides to do with a turn."""

from dataclasses import dataclass

from speko_core.providers.base import FailureKind
from speko_core.types import JsonObject


@dataclass(frozen=True)
class Say:
    """Answer in words, after `delay_ms`."""

    text: str
    delay_ms: int = 0


@dataclass(frozen=True)
class CallTool:
    """Call one tool. The arguments come from what the caller said, or from a script."""

    name: str
    args: JsonObject
    delay_ms: int = 0


@dataclass(frozen=True)
class Fail:
    """Fail as a provider does, because a script or a magic sentence asked for it."""

    kind: FailureKind
    detail: str
    status: int | None = None


Action = Say | CallTool | Fail
