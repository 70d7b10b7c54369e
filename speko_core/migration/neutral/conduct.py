"""How a call goes: who opens it, models, voice, recognition, turns, silence, limits, endings."""

from typing import Literal

from pydantic import Field

from speko_core.migration.neutral.part import Part

FirstMessageMode = Literal["say", "generate", "wait"]


class FirstMessage(Part):
    """Who speaks first: `say` the text, `generate` one, or `wait` for the caller."""

    mode: FirstMessageMode | None = None
    text: str | None = None
    interruptible: bool | None = None


class Language(Part):
    """BCP-47 tags."""

    primary: str | None = None
    others: list[str] = Field(default_factory=list)


class Model(Part):
    """A model of a vendor, in neutral vendor names."""

    provider: str | None = None
    model: str | None = None

    @property
    def entry(self) -> str | None:
        """`vendor:model` or `vendor`."""
        return f"{self.provider}:{self.model}" if self.provider and self.model else self.provider


class Llm(Model):
    """The language model."""

    temperature: float | None = None
    max_tokens: int | None = None
    fallbacks: list[Model] = Field(default_factory=list)


class Speech2Speech(Model):
    """A speech-to-speech model instead of the three layers."""

    voice: str | None = None
    temperature: float | None = None


class Voice(Model):
    """The voice; `id` only where the id means the same at the vendor itself."""

    id: str | None = None
    name: str | None = None
    speed: float | None = None
    sample_rate: int | None = None
    fallbacks: list[Model] = Field(default_factory=list)


class Recognition(Model):
    """Speech recognition."""

    language: str | None = None
    keywords: list[str] = Field(default_factory=list)
    prompt: str | None = None
    preference: Literal["latency", "quality"] | None = None
    fallbacks: list[Model] = Field(default_factory=list)


class TurnTaking(Part):
    """When the agent speaks and when it stops."""

    min_endpointing_s: float | None = None
    max_endpointing_s: float | None = None
    interruption_min_s: float | None = None
    interruption_min_words: int | None = None


class Idle(Part):
    """What is said when nobody speaks."""

    after_seconds: float | None = None
    prompts: list[str] = Field(default_factory=list)
    max_count: int | None = None


class Limits(Part):
    """Ends of a call."""

    max_duration_s: float | None = None
    silence_end_s: float | None = None


class EndCall(Part):
    """How the agent hangs up."""

    enabled: bool | None = None
    message: str | None = None
    phrases: list[str] = Field(default_factory=list)


class Voicemail(Part):
    """What happens when a machine answers."""

    mode: Literal["agent", "carrier", "disabled"] | None = None
    timeout_s: float | None = None
    message: str | None = None


class Background(Part):
    """A sound under the conversation, named as the source named it."""

    source: str | None = None
    volume: float | None = None
