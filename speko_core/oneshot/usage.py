"""What a call consumed, told in one place for every modality. Prices and ledgers are on the other side of the sink."""

import logging
from typing import Literal, NamedTuple, Protocol

from speko_core.providers.base import Modality
from speko_core.providers.catalog import Price
from speko_core.routing.offers import KeySource

log = logging.getLogger("speko.usage")

# `hedged`: another candidate was faster; what was sent to this one is billed by its vendor all the same.
Outcome = Literal["completed", "failed", "cancelled", "hedged"]


class Units(NamedTuple):
    """What providers charge by. `estimated` where the provider did not count.

    Tokens of audio and cached tokens are among `prompt_tokens` and `completion_tokens`, and exclude each other.
    """

    audio_ms: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0
    estimated: bool = False
    audio_prompt_tokens: int = 0
    cached_prompt_tokens: int = 0
    audio_completion_tokens: int = 0


class Attribution(NamedTuple):
    """Who the call is for."""

    organization_id: str
    mode: Literal["live", "test"]
    session_id: str | None = None


class Usage(NamedTuple):
    """One provider call that sent at least one real event, or that was outrun by another."""

    attribution: Attribution
    modality: Modality
    vendor: str
    model: str
    key_source: KeySource
    units: Units
    outcome: Outcome
    prices: tuple[Price, ...] = ()
    decision_id: str | None = None


class UsageSink(Protocol):
    """Where usage goes. Awaited before the caller's answer ends, so that a sink can make it durable first."""

    async def record(self, usage: Usage) -> None:
        """Take one usage; called once per answering candidate, also when the caller went away (ONE-7)."""
        ...


class LoggedUsage:
    """Writes one structured log line a call."""

    async def record(self, usage: Usage) -> None:
        """Log it."""
        log.info(
            "usage",
            extra={
                "organization_id": usage.attribution.organization_id,
                "session_id": usage.attribution.session_id,
                "modality": str(usage.modality),
                "provider": usage.vendor,
                "model": usage.model,
                "key_source": usage.key_source,
                "audio_ms": usage.units.audio_ms,
                "prompt_tokens": usage.units.prompt_tokens,
                "completion_tokens": usage.units.completion_tokens,
                "characters": usage.units.characters,
                "estimated": usage.units.estimated,
                "outcome": usage.outcome,
            },
        )
