"""TEN framework: the predefined graph of a voice assistant; extensions are parts of the agent or plumbing."""

import re

from speko_core.migration import languages, vendors
from speko_core.migration.neutral import Agent, Speech2Speech, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, part, rows
from speko_core.migration.rules import RuleTree, ignored, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonValue

_PLUMBING = "Plumbing of the TEN runtime; sessions here have their own."
_RULES = RuleTree(
    (
        *ignored(
            _PLUMBING,
            "ten.log",
            "ten.predefined_graphs.*.graph.connections",
            "ten.predefined_graphs.*.auto_start",
            "ten.predefined_graphs.*.graph.exposed_messages",
            "ten.uri",
        ),
        *ignored(
            "Names an extension.",
            "ten.predefined_graphs.*.graph.nodes.*.type",
            "ten.predefined_graphs.*.graph.nodes.*.name",
            "ten.predefined_graphs.*.graph.nodes.*.addon",
            "ten.predefined_graphs.*.graph.nodes.*.extension_group",
            "ten.predefined_graphs.*.graph.nodes.*.app",
        ),
        *unsupported("A setting of that extension only.", "ten.predefined_graphs.*.graph.nodes.*.property"),
    )
)
_SECRET = re.compile(r"^\$\{env:([A-Za-z0-9_]+)(\|.*)?\}$")
_LAYER = re.compile(r"_(llm2?|tts2?|asr|stt|mllm|v2v)(_|\d|$)")


def detect(document: JsonValue) -> Detection | None:
    """By predefined graphs with extensions."""
    graphs = rows(part(document, "ten", "predefined_graphs"))
    if any(rows(part(graph, "graph", "nodes")) or rows(part(graph, "nodes")) for graph in graphs):
        return Detection("ten", "property")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the first graph as the agent; further ones are named in a warning."""
    agent = Agent()
    found = source.root.at("ten", "predefined_graphs").items()
    for at, graph in enumerate(found):
        nodes = graph.at("graph", "nodes") if graph["graph"] else graph["nodes"]
        target = agent if at == 0 else Agent()
        target.name = graph["name"].take_text("name")
        for item in nodes.items():
            _extension(target, item)
    source.root.apply(_RULES)
    warnings = [f"The file has {len(found)} graphs; the first is built."] if len(found) > 1 else []
    agent.first_message.mode = "say" if agent.first_message.text else "wait"
    return VoiceAgents(platform="ten", kind=detection.kind, agents=[agent], warnings=warnings)


def _extension(agent: Agent, item: Node) -> None:
    addon = item["addon"].text or ""
    values = item["property"]
    for _, field in [*values.fields(), *values["params"].fields()]:
        named = _SECRET.match(field.text or "")
        if named:
            field.mark("needs_input", f"Comes from the environment variable {named.group(1)}.")
    settings = values["params"] if values["params"].is_object else values
    for place in (values["greeting"], settings["greeting"]):
        agent.first_message.text = take_template(agent, place, "firstMessage.text") or agent.first_message.text
    layer = _LAYER.search(addon)
    kind = layer.group(1) if layer else ""
    house = vendors.vendor(addon.split("_")[0])
    if kind in ("mllm", "v2v"):
        _speech2speech(agent, values, settings, house)
    elif kind.startswith("llm"):
        _llm(agent, values, settings, house)
    elif kind.startswith("tts"):
        _tts(agent, item, settings, house)
    elif kind in ("asr", "stt"):
        item["addon"].mark("mapped", target="stt.provider")
        agent.stt.provider, agent.stt.model = house, settings["model"].take_text("stt.model")
        languages.take_language(agent, settings["language"])


def _llm(agent: Agent, values: Node, settings: Node, house: str | None) -> None:
    agent.llm.model = settings["model"].take_text("llm.model")
    agent.llm.provider = vendors.vendor_of_model(agent.llm.model) or house
    agent.llm.temperature = settings["temperature"].take_number("llm.temperature")
    tokens = settings["max_tokens"].take_number("llm.maxTokens")
    agent.llm.max_tokens = int(tokens) if tokens else None
    for place in (values["prompt"], settings["prompt"]):
        agent.prompt = take_template(agent, place, "prompt") or agent.prompt
    settings["base_url"].mark("needs_input", "Your own language model's address.", "llm.endpoint")


def _tts(agent: Agent, item: Node, settings: Node, house: str | None) -> None:
    item["addon"].mark("mapped", target="voice.provider")
    agent.voice.provider = house
    for key in ("model_id", "model"):
        agent.voice.model = agent.voice.model or settings[key].take_text("voice.model")
    for key in ("voice_id", "voice", "voice_name"):
        place = settings[key]["id"] if settings[key].is_object else settings[key]
        agent.voice.id = agent.voice.id or place.take_text("voice.id")
    agent.voice.speed = settings["speed"].take_number("voice.speed")


def _speech2speech(agent: Agent, values: Node, settings: Node, house: str | None) -> None:
    agent.s2s = Speech2Speech(
        provider=house,
        model=settings["model"].take_text("s2s.model"),
        voice=settings["voice"].take_text("s2s.voice"),
        temperature=settings["temperature"].take_number("s2s.temperature"),
    )
    languages.take_language(agent, settings["language"])
    tokens = settings["max_tokens"].take_number("llm.maxTokens")
    agent.llm.max_tokens = int(tokens) if tokens else None
    for place in (values["prompt"], settings["prompt"]):
        agent.prompt = take_template(agent, place, "prompt") or agent.prompt


READER = Reader("ten", "TEN framework", detect, read)
