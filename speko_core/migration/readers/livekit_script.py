"""LiveKit Agents in TypeScript: `new voice.Agent({…})`, `new voice.AgentSession({…})`, `llm.tool({…})`."""

from speko_core.migration import tools
from speko_core.migration.neutral import Agent, Tool, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, part, rows
from speko_core.migration.readers.code import take_prompt, take_service, take_string_service
from speko_core.migration.rules import Rule, RuleTree, ignored
from speko_core.migration.source import Node, Source
from speko_core.types import JsonObject, JsonValue

_RULES = RuleTree(
    (
        *ignored("Names what is read.", "language", "imports", "literals.*.call"),
        Rule("literals", "approximated", "A setting of that framework only."),
    )
)
_AGENTS = ("voice.Agent", "pipeline.VoicePipelineAgent", "multimodal.MultimodalAgent", "Agent")
_ZOD = {
    "string": "string",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
    "enum": "string",
}


def detect(document: JsonValue) -> Detection | None:
    """By the import and a constructed agent or session."""
    imports = part(document, "imports")
    if part(document, "language") != "script" or not isinstance(imports, list):
        return None
    if not any(str(name).startswith("@livekit/agents") for name in imports):
        return None
    calls = [str(part(item, "call")) for item in rows(part(document, "literals"))]
    if any(name in _AGENTS or name.endswith("AgentSession") for name in calls):
        return Detection("livekit", "script")
    return Detection("livekit", "near_miss", "Imports LiveKit Agents and constructs neither an agent nor a session.")


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the constructed agent and session."""
    agent = Agent()
    root = source.root
    for literal in root["literals"].items():
        name, settings = literal["call"].text or "", literal["args"][0]
        if name in _AGENTS:
            if settings["instructions"]:
                agent.prompt = agent.prompt or take_prompt(agent, settings["instructions"], "prompt")
            for key, tool in settings["tools"].fields():
                _tool(agent, tool, key)
        elif name == "llm.tool":
            _tool(agent, literal, "tool")
        if name.endswith("AgentSession") or name in _AGENTS:
            for layer in ("stt", "tts", "llm"):
                _layer(agent, settings[layer], layer)
        _opening(agent, name, settings)
    root.apply(_RULES)
    return VoiceAgents(platform="livekit", kind="script", agents=[agent])


def _layer(agent: Agent, node: Node, layer: str) -> None:
    if node.text:
        take_string_service(agent, node, layer)
    elif node["call"]:
        take_service(agent, Node(node.source, node.path, node.json), settings=node["args"][0])


def _opening(agent: Agent, name: str, settings: Node) -> None:
    if name == "session.say" and agent.first_message.mode is None and settings:
        agent.first_message.text = take_prompt(agent, settings, "firstMessage.text") or None
        agent.first_message.mode = "say"
    elif name == "session.generateReply" and agent.first_message.mode is None:
        agent.first_message.mode = "generate"


def _tool(agent: Agent, literal: Node, key: str) -> None:
    settings = literal["args"][0]
    if not settings["description"]:
        return
    parameters = _zod(settings["parameters"])
    settings["parameters"].mark("mapped", target="tools.parameters")
    settings["execute"].mark("needs_input", "The function's body is your own code.", "tools.source")
    description = settings["description"].take_text("tools.description") or ""
    tools.add_tool(agent, Tool(name=tools.tool_name(key), description=description, parameters=parameters))


def _zod(node: Node) -> JsonObject:
    properties: JsonObject = {}
    required: list[JsonValue] = []
    for name, field in node["args"][0].fields():
        kind = (field["call"].text or "").rpartition(".")[2]
        made: JsonObject = {"type": _ZOD.get(kind, "string")}
        if kind == "enum":
            made["enum"] = field["args"][0].json
        described = field[".describe"].text
        properties[name] = {**made, "description": described} if described else made
        if not field[".optional"]:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


READER = Reader("livekit", "LiveKit Agents", detect, read)
