"""What the routing operations take and answer."""

from datetime import date

from pydantic import AliasChoices, Field

from speko_core.routing.decision import Basis, Drop
from speko_core.routing.intent import Language, OptimizeFor, Region
from speko_core.schemas import Input, Output


class StackQuery(Input):
    """The intent to preview."""

    language: Language
    region: Region = Field(Region.GLOBAL, description="Region whose streaming latency is used.")
    optimize_for: OptimizeFor = Field(
        OptimizeFor.BALANCED,
        validation_alias=AliasChoices("optimize_for", "optimizeFor"),
        description="Weight preset of the score.",
    )


class StackAxes(Output):
    """A figure for each axis of the score."""

    quality: float
    latency: float
    cost: float


class StackCandidate(Output):
    """A candidate the router would call. `score` is null where no quality was measured."""

    id: str = Field(description="`vendor:model`, as `allowedProviders` takes it.")
    provider: str
    model: str
    score: float | None
    axes: StackAxes | None = Field(
        description="Its place among the compared on each axis, 0 the worst, 1 the best; weighted, they are the score."
    )
    basis: Basis = Field(description="Where the figures come from.")
    reason: str | None


class StackFilteredOut(Output):
    """A candidate the router would not call."""

    id: str
    code: Drop
    reason: str


class StackLayer(Output):
    """The decision for one modality. `source` names the benchmark that ranked it."""

    pick: StackCandidate | None
    runners_up: list[StackCandidate]
    filtered_out: list[StackFilteredOut] = Field(serialization_alias="filtered_out")
    source: str | None
    weights: StackAxes = Field(description="What each axis counts under the policy in force.")


class Stack(Output):
    """What the router would pick now, for every modality."""

    language: str
    region: Region
    optimize_for: OptimizeFor
    scores_run_id: str
    stt: StackLayer
    llm: StackLayer
    tts: StackLayer
    s2s: StackLayer = Field(alias="s2s")


class KnownProvider(Output):
    """An entry `allowedProviders` takes; `model` is null on the row that stands for the whole vendor."""

    id: str = Field(description="The verbatim string for `allowedProviders`.")
    vendor: str
    vendor_name: str
    model: str | None
    benchmarked: bool = Field(description="The active snapshot has figures for it.")
    available: bool = Field(description="This installation can call it now.")
    deprecated_on: date | None = Field(description="The day from which its vendor refuses it; null when none is known.")


class KnownProviders(Output):
    """Every vendor and model the router knows, by modality."""

    stt: list[KnownProvider]
    llm: list[KnownProvider]
    tts: list[KnownProvider]
    s2s: list[KnownProvider] = Field(alias="s2s")


class VoicesQuery(Input):
    """Filter of the voice catalogue."""

    provider: str | None = Field(None, max_length=80, description="A provider, such as `cartesia` or `openai-tts`.")


class VoiceEntry(Output):
    """A voice of the catalogue."""

    vendor: str = Field(description="Provider, as `allowedProviders.tts` takes it.")
    id: str = Field(description="What `voice` takes on synthesize.")
    name: str


class VoiceProvider(Output):
    """A TTS provider the router knows."""

    key: str
    name: str
    models: list[str]
    voices_fetched_live: bool = Field(description="The voices belong to the account and are listed by the provider.")


class Voices(Output):
    """Voices by provider."""

    voices: list[VoiceEntry]
    providers: list[VoiceProvider]
