"""What this process could call: every catalogue model of a modality, and whether it may be called now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import Modality, Provider
from speko_core.providers.catalog import ModelFacts

KeySource = Literal["BYOK", "MANAGED", "NONE"]
Missing = Literal["no_adapter", "no_key", "retired"]
KeySources = Callable[[str], KeySource]


@dataclass(frozen=True)
class Offer:
    """A model of a vendor as the selector sees it.

    `missing` says why it cannot be called in this process; `sandbox` marks offline providers (RTE-17).
    """

    vendor: str
    facts: ModelFacts
    sandbox: bool
    missing: Missing | None = None
    key_source: KeySource = "NONE"

    @cached_property
    def id(self) -> str:
        """`vendor:model`, verbatim what an allow-list entry says."""
        return f"{self.vendor}:{self.facts.id}"

    @cached_property
    def options(self) -> frozenset[str]:
        """What the model honours."""
        return frozenset(self.facts.options)


def offers(modality: Modality, registry: ProviderRegistry, key_of: KeySources, today: date) -> tuple[Offer, ...]:
    """Every catalogue model of `modality`, in catalogue order. `key_of` says whose key a vendor would be called with.

    A model that its vendor ends on or before `today` is not callable.
    """
    found: list[Offer] = []
    for vendor, facts in registry.catalog.items():
        source, sandbox = key_of(vendor), facts.kind == "sandbox"
        missing = _missing(registry.get(vendor), modality, source)
        found += [
            Offer(vendor, model, sandbox, "retired" if model.retired(today) else missing, source)
            for model in facts.models
            if model.modality is modality
        ]
    return tuple(found)


def _missing(provider: Provider | None, modality: Modality, source: KeySource) -> Missing | None:
    adapters: Mapping[Modality, object | None] = (
        {
            Modality.STT: provider.stt,
            Modality.LLM: provider.llm,
            Modality.TTS: provider.tts,
            Modality.S2S: provider.s2s,
        }
        if provider
        else {}
    )
    if provider is None or adapters.get(modality) is None:
        return "no_adapter"
    return "no_key" if provider.needs_key and source == "NONE" else None
