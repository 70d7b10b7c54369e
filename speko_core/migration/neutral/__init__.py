"""The neutral model of a voice agent: what every platform means, in one set of words (MIG-2).

Versioned and published as a JSON Schema, so that programs can be written against it. Seconds are seconds, volumes are
0 to 1, speeds are factors. What has no place keeps its value under `unmapped`, by pointer.
"""

from speko_core.migration.neutral.agents import Agent, VoiceAgents
from speko_core.migration.neutral.conduct import (
    Background,
    EndCall,
    FirstMessage,
    FirstMessageMode,
    Idle,
    Language,
    Limits,
    Llm,
    Model,
    Recognition,
    Speech2Speech,
    TurnTaking,
    Voice,
    Voicemail,
)
from speko_core.migration.neutral.facts import Criterion, Extraction, Knowledge, Variable, Webhook
from speko_core.migration.neutral.graph import Graph, GraphEdge, GraphNode, Handoff
from speko_core.migration.neutral.tools import Endpoint, Header, PayloadFormat, Tool, Transfer
from speko_core.types import JsonObject

NEUTRAL_VERSION = "1"


def neutral_schema() -> JsonObject:
    """JSON Schema (draft 2020-12) of `VoiceAgents`."""
    return VoiceAgents.model_json_schema(by_alias=True)


def dump(agents: VoiceAgents) -> JsonObject:
    """The model as JSON without what is not set."""
    return agents.model_dump(mode="json", by_alias=True, exclude_defaults=False, exclude_none=True)


__all__ = [
    "Agent",
    "Background",
    "Criterion",
    "EndCall",
    "Endpoint",
    "Extraction",
    "FirstMessage",
    "FirstMessageMode",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Handoff",
    "Header",
    "Idle",
    "Knowledge",
    "Language",
    "Limits",
    "Llm",
    "Model",
    "NEUTRAL_VERSION",
    "PayloadFormat",
    "Recognition",
    "Speech2Speech",
    "Tool",
    "Transfer",
    "TurnTaking",
    "Variable",
    "Voice",
    "VoiceAgents",
    "Voicemail",
    "Webhook",
    "dump",
    "neutral_schema",
]
