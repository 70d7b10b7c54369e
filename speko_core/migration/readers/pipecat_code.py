"""Pipecat in Python: services by class, the first message of the context, function schemas, nodes of dynamic flows."""

from speko_core.migration import graphs, tools
from speko_core.migration.neutral import Agent, Graph, GraphEdge, Tool, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader
from speko_core.migration.readers.code import (
    CODE_RULES,
    first_argument,
    is_python,
    keyword,
    named,
    take_prompt,
    take_service,
    take_tool,
)
from speko_core.migration.readers.pipecat_flows import read_stage
from speko_core.migration.rules import RuleTree
from speko_core.migration.source import Node, Source
from speko_core.types import JsonObject, JsonValue

_RULES = RuleTree(CODE_RULES)
_SERVICES = ("STTService", "TTSService", "LLMService")


def detect(document: JsonValue) -> Detection | None:
    """By the import."""
    return Detection("pipecat", "python") if is_python(document, "pipecat", "pipecat_flows") else None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Every call in the file, then the nodes of its flow."""
    agent = Agent()
    root = source.root
    every = [*root["calls"].items(), *(call for item in root["classes"].items() for call in item["calls"].items())]
    for call in every:
        _call(agent, call)
    for tool in [*root["tools"].items(), *(tool for item in root["classes"].items() for tool in item["tools"].items())]:
        take_tool(agent, tool)
    _flow(agent, root["nodes"].items())
    root.apply(_RULES)
    warnings = [] if agent.prompt or agent.graph else ["No literal prompt was found; write it here."]
    return VoiceAgents(platform="pipecat", kind="python", agents=[agent], warnings=warnings)


def _call(agent: Agent, call: Node) -> None:
    name = named(call).rpartition(".")[2]
    if name.endswith(_SERVICES) or "Realtime" in name:
        take_service(agent, call)
    elif name in ("LLMContext", "OpenAILLMContext"):
        _context(agent, first_argument(call) if first_argument(call) else keyword(call, "messages"))
        call["call"].mark("mapped", target="prompt")
    elif name == "TTSSpeakFrame" and agent.first_message.mode is None:
        place = first_argument(call) if first_argument(call) else keyword(call, "text")
        agent.first_message.text = take_prompt(agent, place, "firstMessage.text") or None
        agent.first_message.mode = "say"
        call["call"].mark("mapped", target="firstMessage.mode")
    elif name in ("FunctionSchema", "FlowsFunctionSchema"):
        _schema(agent, call)
    elif name in ("VADParams", "SileroVADAnalyzer"):
        settings = call if name == "VADParams" else keyword(call, "params")
        agent.turn.min_endpointing_s = keyword(settings, "stop_secs").take_number("turn.minEndpointingS")


def _context(agent: Agent, messages: Node) -> None:
    for at, message in enumerate(messages.items()):
        if at == 0 or message["role"].text in ("system", "developer"):
            text = take_prompt(agent, message["content"], "prompt")
            agent.prompt = "\n\n".join(part for part in (agent.prompt, text) if part)
            message["role"].mark("mapped", target="prompt")
        else:
            message.mark("approximated", "Examples belong into the prompt.", "prompt")


def _schema(agent: Agent, call: Node) -> None:
    settings = call["kwargs"]
    parameters: JsonObject = {
        "type": "object",
        "properties": settings["properties"].json or {},
        "required": settings["required"].json or [],
    }
    settings["properties"].mark("mapped", target="tools.parameters")
    settings["required"].mark("mapped", target="tools.parameters")
    name = tools.take_name(settings["name"], "function")
    description = settings["description"].take_text("tools.description") or ""
    settings["handler"].mark("needs_input", "The handler is in your own code.", "tools.source")
    call["call"].mark("mapped", target="tools.kind")
    if not any(tool.name == name for tool in agent.tools):
        tools.add_tool(agent, Tool(name=name, description=description, parameters=parameters))


def _flow(agent: Agent, nodes: list[Node]) -> None:
    graph = Graph()
    for at, item in enumerate(nodes):
        name = item["name"].text or item["function_name"].text or f"node_{at + 1}"
        stage = read_stage(agent, graph, item, name, "transition_to")
        stage.is_start = at == 0
        graph.nodes.append(stage)
        item["name"].mark("mapped", target="graph")
        item["function_name"].mark("ignored", "The function that makes the node.")
    # Which node follows is decided by handlers; without static transitions the order of the file is kept.
    if len(graph.nodes) > 1 and not graph.edges:
        pairs = zip(graph.nodes, graph.nodes[1:], strict=False)
        graph.edges = [GraphEdge(source=one.id, target=other.id, condition="its task is done") for one, other in pairs]
    graphs.attach(agent, graph)


READER = Reader("pipecat", "Pipecat", detect, read)
