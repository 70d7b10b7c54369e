"""What a caller asks the router for: language, region, preference, allow-lists."""

from enum import StrEnum
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field

from speko_core.providers.base import Modality
from speko_core.schemas import Input


class Region(StrEnum):
    """Where streaming latency is measured from; `global` takes whatever region-free figures exist."""

    GLOBAL = "global"
    US_EAST4 = "us-east4"
    EUROPE_WEST3 = "europe-west3"
    ASIA_SOUTHEAST1 = "asia-southeast1"


class OptimizeFor(StrEnum):
    """Named weight presets of the composite score."""

    BALANCED = "balanced"
    ACCURACY = "accuracy"
    LATENCY = "latency"
    COST = "cost"


LANGUAGE_PATTERN = r"^[a-z]{2}(-[A-Z]{2})?$"
Language = Annotated[str, Field(pattern=LANGUAGE_PATTERN, description="BCP-47 tag such as `en`, `en-US` or `es-MX`.")]

# Clients written for the documented types send `null` for what the caller left out.
_RegionOrDefault = Annotated[Region, BeforeValidator(lambda value: Region.GLOBAL if value is None else value)]
_PreferenceOrDefault = Annotated[
    OptimizeFor, BeforeValidator(lambda value: OptimizeFor.BALANCED if value is None else value)
]


class RoutingIntent(Input):
    """The intent every one-shot call carries (RTE-1)."""

    model_config = ConfigDict(frozen=True)

    language: Language
    region: _RegionOrDefault = Field(
        Region.GLOBAL, description="Region whose streaming latency is used; `global` when it does not matter."
    )
    optimize_for: _PreferenceOrDefault = Field(
        OptimizeFor.BALANCED, description="Weight preset of the composite score."
    )

    @property
    def language_chain(self) -> tuple[str, ...]:
        """The tags to look measurements up by, most specific first: `en-US`, then `en` (RTE-18)."""
        return tuple(dict.fromkeys((self.language, self.language.partition("-")[0])))

    @property
    def region_chain(self) -> tuple[Region, ...]:
        """The regions to look measurements up by: the asked one, then `global`."""
        return tuple(dict.fromkeys((self.region, Region.GLOBAL)))


Entries = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=100)]


class AllowedProviders(Input):
    """Allow-lists per modality; an entry is `vendor` or `vendor:model`. Empty or absent means no constraint (RTE-5)."""

    model_config = ConfigDict(frozen=True)

    stt: Entries | None = None
    llm: Entries | None = None
    tts: Entries | None = None
    # The official Python client spells it `s2S`.
    s2s: Entries | None = Field(None, validation_alias=AliasChoices("s2s", "s2S"), serialization_alias="s2s")

    def entries(self, modality: Modality) -> tuple[str, ...]:
        """The entries of one modality."""
        lists = {Modality.STT: self.stt, Modality.LLM: self.llm, Modality.TTS: self.tts, Modality.S2S: self.s2s}
        return lists[modality] or ()


class Constraints(Input):
    """`constraints` of a call."""

    model_config = ConfigDict(frozen=True)

    allowed_providers: AllowedProviders | None = None

    def entries(self, modality: Modality) -> tuple[str, ...]:
        """The allow-list of one modality, empty when unconstrained."""
        return self.allowed_providers.entries(modality) if self.allowed_providers else ()
