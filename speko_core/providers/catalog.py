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

    unit: Literal[
        "minute",
        "1m_input_tokens",
        "1m_output_tokens",
        "1m_characters",
        "1m_audio_input_tokens",
        "1m_audio_output_tokens",
        "1m_cached_input_tokens",
    ]
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
    aliases: tuple[str, ...] = Field((), description="Other names by which callers may ask for it.")
    languages: tuple[str, ...] = Field((), description="Primary subtags or full tags; empty means any language.")
    options: tuple[str, ...] = ()
    streaming: bool = True
    default: bool = False
    default_voice: str | None = None
    speeds: tuple[float, float] | None = Field(
        None, description="Slowest and fastest `speed`; None: all that is asked."
    )
    voices: tuple[Voice, ...] = ()
    prices: tuple[Price, ...] = ()
    live_prices: tuple[Price, ...] = Field((), description="For audio heard as it is spoken; none: the same prices.")
    lowest_effort: str | None = Field(None, description="What the wire calls the least reasoning; None: no such field.")
    declared: bool = Field(False, description="Declared by the operator, not by this catalogue: never benchmarked.")
    deprecated_on: date | None = Field(None, description="From this day the vendor refuses it, so it is not picked.")
    rank: int = Field(100, description="Order among unmeasured models; lower first.")

    def speaks(self, language: str) -> bool:
        """True when the model serves `language`; `en` covers `en-US` and the other way round."""
        primary = language.split("-")[0]
        return not self.languages or any(tag == language or tag.split("-")[0] == primary for tag in self.languages)

    def retired(self, today: date) -> bool:
        """True from the day on which the vendor ends it."""
        return self.deprecated_on is not None and self.deprecated_on <= today


class VendorFacts(_Facts):
    """One vendor file. `kind` is `sandbox` for offline providers: labelled, never billed."""

    vendor: str
    name: str
    kind: Literal["cloud", "sandbox"] = "cloud"
    homepage: str = ""
    base_url: str = Field("", description="Where the vendor listens, without a trailing slash.")
    env_keys: tuple[str, ...] = Field((), description="Usual names of its key in the environment; the first set wins.")
    models: tuple[ModelFacts, ...] = ()

    def model(self, model: str) -> ModelFacts | None:
        """The facts of one model, or None for a model that is not catalogued."""
        return next((facts for facts in self.models if facts.id == model), None)


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
