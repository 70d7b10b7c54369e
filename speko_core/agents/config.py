"""The parts of an agent's settings, as they appear on the wire and in the stored document."""

import re
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, StringConstraints, field_validator, model_validator

from speko_core.schemas import Sparse

LANGUAGE_PATTERN = r"^[a-z]{2}(-[A-Z]{2})?$"
VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"
ProviderEntry = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+(:[A-Za-z0-9._/@:-]+)?$", max_length=120)]
Clip = Literal[
    "office-ambience", "city-ambience", "forest-ambience", "crowded-room", "keyboard-typing", "keyboard-typing2"
]


class AgentIntent(Sparse):
    """Routing defaults. `balanced` is not allowed here: official clients refuse it in an agent row."""

    language: str = Field(pattern=LANGUAGE_PATTERN, examples=["en-US"], description="BCP-47 tag, e.g. `en`, `en-US`.")
    optimize_for: Literal["latency", "quality", "cost"] | None = None


class LlmOptions(Sparse):
    """Language-model defaults."""

    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    model: str | None = Field(None, max_length=120, description="Pin one model id; absent lets the router pick.")


class AllowedProviders(Sparse):
    """Allow-lists per layer: `vendor` or `vendor:model`. An empty or absent layer is unconstrained."""

    stt: list[ProviderEntry] | None = Field(None, max_length=50)
    llm: list[ProviderEntry] | None = Field(None, max_length=50)
    tts: list[ProviderEntry] | None = Field(None, max_length=50)
    # One official client writes this key as `s2S`.
    s2s: list[ProviderEntry] | None = Field(
        None, max_length=50, validation_alias=AliasChoices("s2s", "s2S"), serialization_alias="s2s"
    )


class StackPreferences(Sparse):
    """Which providers the router may pick for this agent."""

    allowed_providers: AllowedProviders | None = None


class SttOptions(Sparse):
    """Recognition defaults."""

    keywords: list[Annotated[str, StringConstraints(min_length=1, max_length=100)]] | None = Field(None, max_length=100)
    prompt: str | None = Field(None, max_length=2000)
    language: str | None = Field(None, pattern=LANGUAGE_PATTERN, description="Where it is not the intent's.")


class TtsOptions(Sparse):
    """Speech defaults."""

    sample_rate: int | None = Field(None, ge=1)
    speed: float | None = Field(None, ge=0.5, le=2)


class Sound(Sparse):
    """A sound: exactly one of a built-in clip or an uploaded file."""

    clip: Clip | None = None
    sound_id: str | None = Field(None, max_length=80)
    volume: float | None = Field(None, ge=0, le=16)


class ToolSound(Sound):
    """A sound played while a tool runs."""

    min_duration_ms: int | None = Field(None, ge=0, le=60_000)
    start_delay_ms: int | None = Field(None, ge=0, le=60_000)


class BackgroundAudio(Sparse):
    """Sounds under the conversation."""

    ambient: Sound | None = None
    tool_sound: ToolSound | None = None


class AudioOutput(Sparse):
    """Adjustment of the agent's audio."""

    gain_db: float = Field(ge=-24, le=12)


class SpeechNormalization(Sparse):
    """Replacements applied to text before it is spoken."""

    pronunciation_dictionary: dict[str, str] | None = Field(None, max_length=500)
    text_replacements: dict[str, str] | None = Field(None, max_length=500)


class IdleReprompt(Sparse):
    """What the agent says when nobody speaks: `prompts` in order, `after_seconds` apart, then it ends the call."""

    after_seconds: float = Field(ge=3, le=300)
    prompts: list[Annotated[str, StringConstraints(min_length=1, max_length=1000)]] = Field(max_length=10)


class ExtractionField(Sparse):
    """A value to extract from the finished call."""

    name: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=64)
    type: Literal["string", "number", "boolean", "enum"]
    description: str = Field(min_length=1, max_length=10_000)
    options: list[Annotated[str, StringConstraints(min_length=1, max_length=120)]] | None = Field(
        None, min_length=1, max_length=50, description="The values of an `enum`."
    )

    @model_validator(mode="after")
    def _an_enum_has_options(self) -> Self:
        if (self.type == "enum") != (self.options is not None):
            raise ValueError("needs `options` exactly when its type is `enum`")
        return self


class PromptVariable(Sparse):
    """A placeholder of the prompt; without a default it is required per call."""

    name: str = Field(max_length=64)
    default_value: str | None = Field(None, max_length=4000)
    description: str | None = Field(None, max_length=1000)

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value.partition(".")[0] == "system" or not re.fullmatch(VARIABLE_NAME, value):
            raise ValueError("must be a plain name, parts joined by dots, and must not start with `system.`")
        return value
