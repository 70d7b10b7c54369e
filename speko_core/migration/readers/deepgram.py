"""Deepgram Voice Agent: the Settings message, or its agent part."""

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import Agent, Endpoint, Model, Tool, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part
from speko_core.migration.rules import Rule, RuleTree, ignored, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonValue

_RULES = RuleTree(
    (
        *ignored("Kind of the message.", "type", "experimental", "tags", "mip_opt_out"),
        *ignored("The transport decides the encoding.", "audio"),
        *unsupported("A setting of that recognizer only.", "agent.listen"),
        *unsupported("A setting of that voice only.", "agent.speak"),
        Rule("audio.output.sample_rate", "ignored", "The transport decides the encoding."),
        Rule("agent.listen.provider.version", "ignored", "The model's name says it."),
        Rule("agent.think.context_length", "unsupported", "Context is kept in full here."),
        Rule("agent.think.endpoint", "needs_input", "Your own language model's address.", "llm.endpoint"),
        Rule("agent.context", "unsupported", "A call starts without a history."),
    )
)


def detect(document: JsonValue) -> Detection | None:
    """By an agent with listen, think or speak."""
    agent = part(document, "agent")
    if isinstance(agent, dict) and has(agent, "think") and any_of(agent, "listen", "speak", "greeting"):
        return Detection("deepgram", "settings")
    if part(document, "type") in ("Settings", "SettingsConfiguration") and isinstance(agent, str):
        return Detection("deepgram", "near_miss", "Names a stored Deepgram agent by id; export its settings.")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the settings."""
    agent = Agent()
    node = source.root["agent"]
    listen = node.at("listen", "provider")
    vendors.take_stt(agent, listen["type"], listen["model"])
    agent.stt.keywords.extend(listen["keyterms"].take_texts("stt.keywords"))
    agent.stt.keywords.extend(listen["keywords"].take_texts("stt.keywords"))
    for place in (node["language"], listen["language"], listen["language_hint"], listen["language_hints"]):
        languages.take_language(agent, place)
    thinks = node["think"].items() or [node["think"]]
    _think(agent, thinks[0])
    for other in thinks[1:]:
        _fallback(agent, other)
    speaks = node["speak"].items() or [node["speak"]]
    _speak(agent, speaks[0])
    for other in speaks[1:]:
        provider = vendors.vendor(other.at("provider", "type").text)
        agent.voice.fallbacks.append(Model(provider=provider, model=other.at("provider", "model").text))
        other.mark("approximated", "", "voice.fallbacks")
    agent.first_message.text = take_template(agent, node["greeting"], "firstMessage.text")
    agent.first_message.mode = "say" if agent.first_message.text else "wait"
    source.root.apply(_RULES)
    return VoiceAgents(platform="deepgram", kind=detection.kind, agents=[agent])


def _think(agent: Agent, node: Node) -> None:
    provider = node["provider"]
    vendors.take_llm(agent, provider["type"], provider["model"])
    agent.llm.temperature = provider["temperature"].take_number("llm.temperature")
    agent.prompt = (
        take_template(agent, node["prompt"], "prompt") or take_template(agent, node["instructions"], "prompt") or ""
    )
    node["endpoint"].mark("needs_input", "Your own language model's address.", "llm.endpoint")
    for item in node["functions"].items():
        _function(agent, item)


def _fallback(agent: Agent, node: Node) -> None:
    provider = node["provider"]
    agent.llm.fallbacks.append(Model(provider=vendors.vendor(provider["type"].text), model=provider["model"].text))
    node.mark("approximated", "", "llm.fallbacks")


def _function(agent: Agent, item: Node) -> None:
    endpoint = item["endpoint"]
    url = endpoint["url"].take_text("tools.url")
    called = None
    if url:
        called = Endpoint(
            url=url,
            method=(endpoint["method"].take_text("tools.method") or "POST").upper(),
            headers=tools.take_headers(endpoint["headers"]),
            payload_format="deepgram",
        )
    tool = Tool(
        name=tools.take_name(item["name"], "function"),
        description=item["description"].take_text("tools.description") or "",
        parameters=tools.take_schema(item["parameters"]),
        kind="webhook" if called else "inline",
        endpoint=called,
    )
    item["client_side"].mark("mapped", target="tools.kind")
    tools.add_tool(agent, tool)


def _speak(agent: Agent, node: Node) -> None:
    provider = node["provider"]
    house = vendors.vendor(provider["type"].text)
    named = next((provider[key] for key in ("voice", "voice_id") if provider[key]), provider["voice"])
    if named.is_object:
        named = named["id"]
    model = provider["model_id"] if provider["model_id"] else provider["model"]
    if house == "deepgram":
        provider["type"].take_text("voice.provider")
        agent.voice.provider, agent.voice.id = "deepgram", model.take_text("voice.id")
    else:
        vendors.take_voice(agent, provider["type"], named, model)
    agent.voice.speed = provider["speed"].take_number("voice.speed")
    url = node.at("endpoint", "url").text or ""
    if house == "elevenlabs" and "/text-to-speech/" in url:
        agent.voice.id = url.partition("/text-to-speech/")[2].partition("/")[0] or None
        node.at("endpoint", "url").mark("approximated", "The voice's id is taken from the address.", "voice.id")


READER = Reader("deepgram", "Deepgram Voice Agent", detect, read)
