"""The neutral model of a voice agent: what every platform means, in one set of words (MIG-2).

Versioned and published as a JSON Schema, so that programs can be written against it. Seconds are seconds, volumes are
0 to 1, speeds are factors. What has no place keeps its value under `unmapped`, by pointer.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from speko_core.types import JsonObject, JsonValue

NEUTRAL_VERSION = "1"
FirstMessageMode = Literal["say", "generate", "wait"]
PayloadFormat = Literal["plain", "vapi", "retell", "elevenlabs", "bland", "bolna", "ultravox", "deepgram", "telnyx"]


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", defer_build=True)


class FirstMessage(_Part):
    """Who speaks first: `say` the text, `generate` one, or `wait` for the caller."""

    mode: FirstMessageMode | None = None
    text: str | None = None
    interruptible: bool | None = None


class Language(_Part):
    """BCP-47 tags."""

    primary: str | None = None
    others: list[str] = Field(default_factory=list)


class Model(_Part):
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


class TurnTaking(_Part):
    """When the agent speaks and when it stops."""

    min_endpointing_s: float | None = None
    max_endpointing_s: float | None = None
    interruption_min_s: float | None = None
    interruption_min_words: int | None = None


class Idle(_Part):
    """What is said when nobody speaks."""

    after_seconds: float | None = None
    prompts: list[str] = Field(default_factory=list)
    max_count: int | None = None


class Limits(_Part):
    """Ends of a call."""

    max_duration_s: float | None = None
    silence_end_s: float | None = None


class EndCall(_Part):
    """How the agent hangs up."""

    enabled: bool | None = None
    message: str | None = None
    phrases: list[str] = Field(default_factory=list)


class Voicemail(_Part):
    """What happens when a machine answers."""

    mode: Literal["agent", "carrier", "disabled"] | None = None
    timeout_s: float | None = None
    message: str | None = None


class Background(_Part):
    """A sound under the conversation, named as the source named it."""

    source: str | None = None
    volume: float | None = None


class Header(_Part):
    """A request header; `secret` when the value was a credential and is gone."""

    name: str
    value: str
    secret: bool = False


class Endpoint(_Part):
    """The customer's server behind a tool."""

    url: str
    method: str = "POST"
    headers: list[Header] = Field(default_factory=list)
    query: JsonObject = Field(default_factory=dict)
    body: JsonValue = None
    constants: JsonObject = Field(default_factory=dict)
    timeout_ms: int | None = None
    payload_format: PayloadFormat = "plain"
    tool_name: str | None = Field(None, description="What the server calls the tool, where that is not its name here.")
    runs_async: bool = False


class Tool(_Part):
    """Something the agent can do. `inline` tools run in the caller's own code, `builtin` ones here."""

    name: str
    description: str = ""
    parameters: JsonObject = Field(default_factory=dict)
    kind: Literal["webhook", "inline", "builtin", "integration"] = "inline"
    builtin: Literal["end_call", "transfer_call", "search_knowledge_base"] | None = None
    endpoint: Endpoint | None = None
    speech: str | None = None
    unmappable: str | None = Field(None, description="Why it cannot run here, when it cannot.")


class Transfer(_Part):
    """A destination a call can go to."""

    to: str
    description: str = ""
    mode: Literal["blind", "warm"] = "blind"
    message: str | None = None


class Variable(_Part):
    """A placeholder of the prompt; `system` when the platform filled it in itself."""

    name: str
    default: str | None = None
    system: bool = False
    description: str | None = None


class Extraction(_Part):
    """A value taken out of the finished call."""

    name: str
    type: Literal["string", "number", "boolean", "enum"] = "string"
    description: str = ""
    options: list[str] = Field(default_factory=list)


class Criterion(_Part):
    """Something a good call fulfils."""

    name: str
    goal: str


class Webhook(_Part):
    """Where the platform reported to."""

    event: Literal["pre_call", "status", "post_call"]
    url: str
    events: list[str] = Field(default_factory=list)


class Knowledge(_Part):
    """Documents by reference; their text is not in the file."""

    name: str
    reference: str | None = None


class GraphNode(_Part):
    """A stage of the conversation."""

    id: str
    name: str = ""
    kind: Literal["talk", "say", "end", "transfer", "tool", "branch", "global", "other"] = "talk"
    text: str = ""
    is_start: bool = False
    tools: list[str] = Field(default_factory=list)
    transfer_to: str | None = None
    condition: str | None = None
    extracts: list[str] = Field(default_factory=list)


class GraphEdge(_Part):
    """A way from one stage to another."""

    source: str
    target: str
    condition: str = ""
    kind: Literal["prompt", "equation", "always", "else"] = "prompt"


class Graph(_Part):
    """A conversation in stages. `problems` says what is wrong with it: no start, edges to nowhere."""

    nodes: list[GraphNode] = Field(default_factory=list)
    edges: list[GraphEdge] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)


class Handoff(_Part):
    """From one agent of the document to another."""

    source: str
    target: str
    condition: str = ""
    message: str | None = None


class Agent(_Part):
    """One voice agent."""

    key: str = "main"
    name: str | None = None
    description: str | None = None
    prompt: str = ""
    first_message: FirstMessage = Field(default_factory=FirstMessage)
    language: Language = Field(default_factory=Language)
    llm: Llm = Field(default_factory=Llm)
    s2s: Speech2Speech | None = None
    voice: Voice = Field(default_factory=Voice)
    stt: Recognition = Field(default_factory=Recognition)
    turn: TurnTaking = Field(default_factory=TurnTaking)
    idle: Idle = Field(default_factory=Idle)
    limits: Limits = Field(default_factory=Limits)
    end_call: EndCall = Field(default_factory=EndCall)
    voicemail: Voicemail = Field(default_factory=Voicemail)
    background: Background = Field(default_factory=Background)
    pronunciations: dict[str, str] = Field(default_factory=dict)
    replacements: dict[str, str] = Field(default_factory=dict)
    tools: list[Tool] = Field(default_factory=list)
    transfers: list[Transfer] = Field(default_factory=list)
    knowledge: list[Knowledge] = Field(default_factory=list)
    variables: list[Variable] = Field(default_factory=list)
    extraction: list[Extraction] = Field(default_factory=list)
    evals: list[Criterion] = Field(default_factory=list)
    webhooks: list[Webhook] = Field(default_factory=list)
    phone_numbers: list[str] = Field(default_factory=list)
    metadata: JsonObject = Field(default_factory=dict)
    graph: Graph | None = None


class VoiceAgents(_Part):
    """What one document, or several joined ones, described."""

    version: Literal["1"] = "1"
    platform: str
    kind: str = Field(description="Which of the platform's shapes it was, such as `squad`.")
    files: list[str] = Field(default_factory=list)
    digest: str = Field("", description="SHA-256 of the source without credentials; equal sources, equal digest.")
    entry: str = Field("main", description="Key of the agent that answers.")
    agents: list[Agent]
    handoffs: list[Handoff] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    unmapped: JsonObject = Field(default_factory=dict)


def neutral_schema() -> JsonObject:
    """JSON Schema (draft 2020-12) of `VoiceAgents`."""
    return VoiceAgents.model_json_schema(by_alias=True)


def dump(agents: VoiceAgents) -> JsonObject:
    """The model as JSON without what is not set."""
    return agents.model_dump(mode="json", by_alias=True, exclude_defaults=False, exclude_none=True)
