"""Readers' common ground for programs: services with literal settings, prompts that are only partly literal."""

import re

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import Agent, Llm, Speech2Speech, Tool, Voice
from speko_core.migration.readers.base import part
from speko_core.migration.rules import Rule, ignored
from speko_core.migration.source import Node
from speko_core.migration.variables import adopt
from speko_core.types import JsonValue

CODE_RULES = (
    *ignored("Names what is read.", "language", "imports", "classes.*.name", "classes.*.bases", "code.**"),
    Rule("code", "unsupported", "Your own code; it keeps running where it is, or moves behind a webhook."),
    Rule("tools", "approximated", "", "tools"),
    Rule("classes.*.doc", "ignored", "Documentation of the class."),
    Rule("classes", "approximated", "A setting of that framework only."),
    Rule("calls", "approximated", "A setting of that framework only."),
    Rule("nodes", "approximated", "A detail of that stage.", "graph"),
)
_BODY = "The function's body is your own code: run it inline, or put it behind a webhook."


def is_python(document: JsonValue, *modules: str) -> bool:
    """Whether the document is a Python program that imports one of these packages."""
    imports = part(document, "imports")
    if part(document, "language") != "python" or not isinstance(imports, list):
        return False
    return any(str(name) == module or str(name).startswith(module + ".") for name in imports for module in modules)


def named(node: Node) -> str:
    """The dotted name of a call."""
    return node["call"].text or ""


def keyword(node: Node, name: str) -> Node:
    """A keyword argument of a call."""
    return node["kwargs"][name]


def first_argument(node: Node) -> Node:
    """The first positional argument of a call."""
    return node["args"][0]


def take_prompt(agent: Agent, node: Node, target: str) -> str:
    """A text, an f-string with its holes as variables, or a note where it comes from."""
    if node["f-string"]:
        text = node["f-string"].text or ""
        reason = "Built by the program; its {{variables}} have to be given per call."
        node.mark("needs_input", reason, target)
        return adopt(agent, text, node.revise)
    if node["file"]:
        node.mark("needs_input", "The text is read from a file; give that file's text as the prompt.", target)
        return ""
    for key in ("name", "env", "call"):
        if node[key]:
            node.mark("needs_input", "The text is made by the program; write it here.", target)
            return ""
    plain = node.take_text(target)
    return adopt(agent, plain, node.revise) if plain else ""


def take_service(agent: Agent, node: Node, settings: Node | None = None) -> None:
    """A recognizer, voice or model by the class that is constructed, in any framework."""
    name = named(node).replace("RealtimeModel", "realtime")
    head = name.partition(".")[0] if "." in name else name
    settings = node["kwargs"] if settings is None else settings
    _keys(settings)
    folded = name.lower()
    house = _vendor_of(head)
    if "realtime" in folded or "multimodal" in folded:
        _speech2speech(agent, node, settings, house)
    elif "stt" in folded or "transcriber" in folded:
        agent.stt.provider = house
        agent.stt.model = settings["model"].take_text("stt.model")
        languages.take_language(agent, settings["language"])
        agent.stt.keywords.extend(
            settings["keyterms"].take_texts("stt.keywords") or settings["keywords"].take_texts("stt.keywords")
        )
        node["call"].mark("mapped", target="stt.provider")
    elif "tts" in folded or "synthesizer" in folded:
        _voice(agent, node, settings, house)
    elif "llm" in folded or "agentconfig" in folded:
        _llm(agent, node, settings, house)
    node.mark("approximated", "A setting of that vendor only.", None)


_SUFFIX = re.compile(
    r"(Http)?(Realtime(Beta)?|Streaming)?(STTService|TTSService|LLMService|SynthesizerConfig|TranscriberConfig|AgentConfig)$"
)


def _vendor_of(name: str) -> str | None:
    base = _SUFFIX.sub("", name)
    return {"ChatGPT": "openai", "ElevenLabs": "elevenlabs", "Gemini": "google"}.get(base) or vendors.vendor(base)


def _keys(settings: Node) -> None:
    for name, item in settings.fields():
        if item["env"] and ("key" in name or "token" in name or "secret" in name):
            item.mark("needs_input", f"Comes from the environment variable {item['env'].text}.")


def _speech2speech(agent: Agent, node: Node, settings: Node, house: str | None) -> None:
    agent.s2s = Speech2Speech(
        provider=house,
        model=settings["model"].take_text("s2s.model"),
        voice=settings["voice"].take_text("s2s.voice"),
        temperature=settings["temperature"].take_number("s2s.temperature"),
    )
    if settings["instructions"]:
        agent.prompt = agent.prompt or take_prompt(agent, settings["instructions"], "prompt")
    node["call"].mark("mapped", target="s2s.provider")


def _voice(agent: Agent, node: Node, settings: Node, house: str | None) -> None:
    agent.voice = Voice(provider=house, speed=agent.voice.speed)
    for place in (settings, settings.at("settings", "kwargs"), settings.at("params", "kwargs")):
        for key in ("voice_id", "voiceId", "voice", "voice_name"):
            value = place[key].at("kwargs", "id") if place[key]["kwargs"] else place[key]
            agent.voice.id = agent.voice.id or value.take_text("voice.id")
        for key in ("model", "model_id"):
            agent.voice.model = agent.voice.model or place[key].take_text("voice.model")
        agent.voice.speed = agent.voice.speed or place["speed"].take_number("voice.speed")
        languages.take_language(agent, place["language"])
    node["call"].mark("mapped", target="voice.provider")


def _llm(agent: Agent, node: Node, settings: Node, house: str | None) -> None:
    agent.llm = Llm(provider=house)
    for key in ("model", "model_name"):
        agent.llm.model = agent.llm.model or settings[key].take_text("llm.model")
    agent.llm.provider = house or vendors.vendor_of_model(agent.llm.model)
    agent.llm.temperature = settings["temperature"].take_number("llm.temperature")
    tokens = settings["max_tokens"].take_number("llm.maxTokens")
    agent.llm.max_tokens = int(tokens) if tokens and tokens >= 1 else None
    settings["base_url"].mark("needs_input", "Your own language model's address.", "llm.endpoint")
    node["call"].mark("mapped", target="llm.provider")


def take_tool(agent: Agent, node: Node) -> Tool:
    """A decorated function: its signature is kept, its body is not portable."""
    tool = Tool(
        name=tools.take_name(node["name"], "function"),
        description=node["description"].take_text("tools.description") or "",
        parameters=tools.take_schema(node["parameters"]),
    )
    node["body"].mark("needs_input", _BODY, "tools.source")
    node["returns"].mark("ignored", "The type that comes back.")
    tools.add_tool(agent, tool)
    return tool


def take_string_service(agent: Agent, node: Node, layer: str) -> bool:
    """`"deepgram/nova-3:en"` as LiveKit's inference names services."""
    text = node.text
    if not text:
        return False
    body, _, rest = text.partition(":")
    found = vendors.split_entry(body)
    if layer == "stt":
        agent.stt.provider, agent.stt.model = found.provider, found.model
        agent.language.primary = agent.language.primary or languages.tag(rest)
        node.take_text("stt.model")
    elif layer == "tts":
        agent.voice.provider, agent.voice.model, agent.voice.id = found.provider, found.model, rest or None
        node.take_text("voice.id")
    else:
        agent.llm.provider, agent.llm.model = found.provider, found.model
        node.take_text("llm.model")
    return True
