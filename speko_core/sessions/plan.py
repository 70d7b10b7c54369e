"""`SessionPlan`: everything a worker needs to carry out one session, frozen and signed at creation (SES-12).

The worker takes no product decision: what is not in the plan does not happen. Only the session id travels in
the media room; the plan is claimed once by the worker over the gateway.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from speko_core.sessions.sounds import PlanAudio
from speko_core.types import JsonObject

PLAN_VERSION = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")


class PlanIntent(_Frozen):
    """Routing intent of the session's own one-shot calls."""

    language: str
    region: str = "global"
    optimize_for: str = "balanced"


class PlanModels(_Frozen):
    """Allow-lists per leg, agent's and per-call's already merged; empty means unconstrained."""

    stt: tuple[str, ...] = ()
    llm: tuple[str, ...] = ()
    tts: tuple[str, ...] = ()


class PlanTurnTaking(_Frozen):
    """Turn-taking settings, in seconds. `interruption_min_s` is the speech needed to interrupt the agent."""

    min_endpointing_s: float = 0.5
    max_endpointing_s: float = 3.0
    allow_interruptions: bool = True
    interruption_min_s: float = 0.5
    interruption_min_words: int = 0
    false_interruption_timeout_s: float = 2.0


class PlanIdle(_Frozen):
    """What happens when nobody speaks: say `prompts` in order, `after_s` apart, then end."""

    after_s: float = 15.0
    prompts: tuple[str, ...] = ()


class PlanAgent(_Frozen):
    """The part of a plan that changes with the agent who speaks."""

    agent_id: str | None
    agent_name: str | None
    agent_version: int | None = None
    environment: str | None = None
    intent: PlanIntent
    models: PlanModels = PlanModels()
    system_prompt: str
    voice: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stt_keywords: tuple[str, ...] = ()
    # A hint of what will be said, and the language to listen for where it is not the intent's.
    stt_prompt: str | None = None
    stt_language: str | None = None
    tts_speed: float | None = None
    # The agent's tools as the version has them, by name; secrets by reference.
    tools: dict[str, JsonObject] = Field(default_factory=dict)


class PlanRealtime(_Frozen):
    """What a speech-to-speech session has of its own."""

    # Allow-list, as in `PlanModels`; empty leaves the choice to the router.
    models: tuple[str, ...] = ()
    voice: str | None = None
    temperature: float | None = None
    input_sample_rate: int
    output_sample_rate: int
    # Tools that the caller runs: name, description, parameters.
    tools: tuple[JsonObject, ...] = ()


class SessionPlan(PlanAgent):
    """The frozen, versioned contract between the surfaces and the worker. Its own agent is the one that answers."""

    version: Literal[1] = 1
    session_id: str
    organization_id: str
    mode: Literal["live", "test"]
    # Callers are told when offline providers would serve them.
    offline: bool = False
    # Recognition hears while the caller speaks, instead of each utterance when it is over.
    hears_live: bool = False
    first_message: str | None = None
    first_message_mode: Literal["say", "generate", "wait"] = "wait"
    pronunciations: dict[str, str] = Field(default_factory=dict)
    turn_taking: PlanTurnTaking = PlanTurnTaking()
    idle: PlanIdle = PlanIdle()
    audio: PlanAudio = PlanAudio()
    record: bool = False
    # Whether the caller's client may change prompt, first message, language and voice of its own call.
    client_overrides: bool = True
    transport: Literal["websocket", "livekit", "text", "realtime"] = "websocket"
    # Set where one model hears and speaks: no worker takes part then.
    realtime: PlanRealtime | None = None
    input_sample_rate: int = 16_000
    output_sample_rate: int = 24_000
    expires_at: str
    max_duration_s: int
    # Every other agent the conversation can be handed to, from agent to agent, by id.
    linked: dict[str, PlanAgent] = Field(default_factory=dict)
    # What to find in the finished call: the agent's fields, then those of its postCall webhook alone.
    extraction_fields: tuple[JsonObject, ...] = ()
    webhook_tags: dict[str, str] = Field(default_factory=dict)
    metadata: JsonObject = Field(default_factory=dict)

    def speaking(self, agent_id: str | None) -> PlanAgent:
        """The agent of this id; the one that answers where none is named, or none of this plan."""
        return self.linked.get(agent_id or "", self)
