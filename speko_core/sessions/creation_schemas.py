"""What starts a session, and what its caller gets back."""

import json
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic.alias_generators import to_camel

from speko_core.realtime.schemas import RealtimeOptions
from speko_core.routing.intent import Constraints, Language, RoutingIntent
from speko_core.schemas import Input, Output, WireTime
from speko_core.sessions.schemas import default_for_null
from speko_core.sessions.turn_handling import TurnHandling
from speko_core.sessions.variables import GivenVariables
from speko_core.types import JsonObject

DEFAULT_TTL_S = 900
MAX_TTL_S = 86_400
MAX_METADATA_BYTES = 16_384


class LlmOverride(Input):
    """Language-model settings of this session."""

    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)


class TtsOverride(Input):
    """Speech settings of this session."""

    sample_rate: int | None = Field(None, ge=1, description="Rate of the agent's audio in Hz, 8000 to 48000.")
    speed: float | None = Field(None, ge=0.5, le=2)


class SttOverride(Input):
    """Recognition settings of this session."""

    keywords: list[Annotated[str, StringConstraints(min_length=1, max_length=100)]] | None = Field(None, max_length=100)
    prompt: str | None = Field(None, max_length=2000, description="A hint of what will be said.")
    language: Language | None = Field(None, description="Language to listen for, where it is not the intent's.")


class SessionCreate(Input):
    """A new voice session. With `agentId` its settings are the defaults; any field here wins."""

    mode: Annotated[Literal["cascade", "s2s"], default_for_null("cascade")] = Field(
        "cascade",
        description=(
            "`cascade`: speech recognition, language model and speech synthesis in turn. `s2s`: one model hears and "
            "speaks, over a WebSocket."
        ),
    )
    s2s: RealtimeOptions | None = Field(None, description="Settings of mode `s2s`.")
    agent_id: str | None = Field(None, max_length=80, description="Agent to start from; absent needs `intent`.")
    environment: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$",
        description=(
            "Which deployed version of the agent: `production` (default), `staging` or your own; its newest version "
            "while nothing was deployed there. `draft` is the newest version, for test keys."
        ),
    )
    variables: GivenVariables | None = Field(
        None, description="Values for the prompt; sending it, even empty, makes prompt and first message templates."
    )
    webhook_tags: dict[str, Annotated[str, StringConstraints(max_length=256)]] | None = Field(
        None, max_length=32, description="Matched by the `filterTags` of webhooks; needs `agentId`."
    )
    intent: RoutingIntent | None = Field(None, description="Routing intent; required without `agentId`.")
    constraints: Constraints | None = Field(None, description="Allow-lists; each layer given replaces the agent's.")
    voice: str | None = Field(None, max_length=120, description="Force a specific TTS voice id.")
    system_prompt: str | None = Field(None, max_length=100_000, description="Initial agent instructions.")
    first_message: str | None = Field(None, max_length=10_000, description="What the agent says first.")
    llm: LlmOverride | None = None
    tts_options: TtsOverride | None = None
    stt_options: SttOverride | None = None
    turn_handling: TurnHandling | None = Field(None, description="Who speaks when; what cannot be done is refused.")
    recording_enabled: bool | None = Field(
        None, description="False records nothing of this call; true wins over the agent, never over the organization."
    )
    metadata: Annotated[JsonObject, default_for_null({})] = Field(
        default_factory=dict, description="Arbitrary key/value pairs stored with the session, at most 16 KiB."
    )
    ttl_seconds: Annotated[int, default_for_null(DEFAULT_TTL_S)] = Field(
        DEFAULT_TTL_S,
        ge=1,
        le=MAX_TTL_S,
        description="Life of the token and of the call, in seconds; mode `s2s` makes it 1800 at most.",
    )
    identity: str | None = Field(
        None, min_length=1, max_length=128, description="Transport participant identity; default `user_<id>`."
    )

    @model_validator(mode="after")
    def _belongs_to_an_agent(self) -> Self:
        for name in ("environment", "webhook_tags"):
            if getattr(self, name) and self.agent_id is None:
                raise ValueError(f"{to_camel(name)} needs agentId")
        return self

    @field_validator("metadata")
    @classmethod
    def _metadata_fits(cls, value: JsonObject) -> JsonObject:
        text = json.dumps(value, ensure_ascii=False)
        if len(text.encode()) > MAX_METADATA_BYTES:
            raise ValueError(f"must be at most {MAX_METADATA_BYTES} bytes as JSON")
        if "\\u0000" in text:
            raise ValueError("must not contain NUL characters")
        return value

    @field_validator("identity")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("must be printable characters")
        return value


class SessionCreated(Output):
    """What the caller needs to join. The token works once and is shown only here."""

    session_id: str = Field(json_schema_extra={"format": "uuid"})
    transport_token: str = Field(description="Browser-safe media transport token, single use.")
    transport_url: str = Field(description="Media transport URL.", json_schema_extra={"format": "uri"})
    conversation_token: str = Field(description="Alias of `transportToken`.", deprecated=True)
    livekit_url: str = Field(
        description="Alias of `transportUrl`.", deprecated=True, json_schema_extra={"format": "uri"}
    )
    room_name: str
    identity: str
    expires_at: WireTime
    talk_url: str = Field(description="Page to open in a browser and speak.", json_schema_extra={"format": "uri"})
