"""What this process could call: every catalogue model of a modality, and whether it may be called now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from speko_core.providers.base import Modality, Provider
from speko_core.providers.catalog import ModelFacts
from speko_core.providers.registry import ProviderRegistry

KeySource = Literal["BYOK", "MANAGED", "NONE"]
Missing = Literal["no_adapter", "no_key"]


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

    @property
    def id(self) -> str:
        """`vendor:model`, verbatim what an allow-list entry says."""
        return f"{self.vendor}:{self.facts.id}"


def offers(modality: Modality, registry: ProviderRegistry) -> tuple[Offer, ...]:
    """Every catalogue model of `modality`, in catalogue order."""
    found: list[Offer] = []
    for vendor, facts in registry.catalog.items():
        missing, sandbox = _missing(registry.get(vendor), modality), facts.kind == "sandbox"
        found += [Offer(vendor, model, sandbox, missing) for model in facts.models if model.modality is modality]
    return tuple(found)


def _missing(provider: Provider | None, modality: Modality) -> Missing | None:
    adapters: Mapping[Modality, object | None] = (
        {Modality.STT: provider.stt, Modality.LLM: provider.llm, Modality.TTS: provider.tts} if provider else {}
    )
    if provider is None or adapters.get(modality) is None:
        return "no_adapter"
    return "no_key" if provider.needs_key else None
