"""The catalogue: models, languages, options, voices and prices as data, one TOML file a vendor."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from speko_core.providers.base import Modality


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(_Facts):
    """A list price in integer micro-USD per unit, with where and when it was read."""

    unit: Literal["minute", "1m_input_tokens", "1m_output_tokens", "1m_characters"]
    micro_usd: int = Field(ge=0)
    source: str
    date: date


class Voice(_Facts):
    """A voice a model can speak with."""

    id: str
    name: str
    languages: tuple[str, ...] = ()
    gender: Literal["female", "male", "neutral"] | None = None
    preview_url: str | None = None


class ModelFacts(_Facts):
    """One model of a vendor. `options` lists what it honours; routing goes around what it does not (RTE-20)."""

    id: str
    modality: Modality
    name: str = ""
    languages: tuple[str, ...] = Field((), description="Primary subtags or full tags; empty means any language.")
    options: tuple[str, ...] = ()
    streaming: bool = True
    default: bool = False
    default_voice: str | None = None
    voices: tuple[Voice, ...] = ()
    prices: tuple[Price, ...] = ()
    deprecated_on: date | None = None
    rank: int = Field(100, description="Order among unmeasured models; lower first.")

    def speaks(self, language: str) -> bool:
        """True when the model serves `language`; `en` covers `en-US` and the other way round."""
        primary = language.split("-")[0]
        return not self.languages or any(tag == language or tag.split("-")[0] == primary for tag in self.languages)


class VendorFacts(_Facts):
    """One vendor file. `kind` is `sandbox` for offline providers: labelled, never billed."""

    vendor: str
    name: str
    kind: Literal["cloud", "sandbox"] = "cloud"
    homepage: str = ""
    env_key: str | None = None
    models: tuple[ModelFacts, ...]


@cache
def load_catalog() -> Mapping[str, VendorFacts]:
    """Read every `catalog/*.toml`, keyed by vendor. Fails loudly on a malformed file: it is our own data."""
    vendors: dict[str, VendorFacts] = {}
    folder = resources.files("speko_core.providers") / "catalog"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            facts = VendorFacts.model_validate(tomllib.loads(entry.read_text(encoding="utf-8")))
            vendors[facts.vendor] = facts
    return vendors
