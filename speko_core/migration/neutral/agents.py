"""One agent, and the agents of one document."""

from typing import Literal

from pydantic import Field

from speko_core.migration.neutral.conduct import (
    Background,
    EndCall,
    FirstMessage,
    Idle,
    Language,
    Limits,
    Llm,
    Recognition,
    Speech2Speech,
    TurnTaking,
    Voice,
    Voicemail,
)
from speko_core.migration.neutral.facts import Criterion, Extraction, Knowledge, Variable, Webhook
from speko_core.migration.neutral.graph import Graph, Handoff
from speko_core.migration.neutral.part import Part
from speko_core.migration.neutral.tools import Tool, Transfer
from speko_core.types import JsonObject


class Agent(Part):
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


class VoiceAgents(Part):
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
