"""Pipecat Flows: the static JSON of older releases and the JSON of the editor."""

from speko_core.migration import graphs, tools
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode, Tool, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows
from speko_core.migration.rules import Rule, RuleTree, ignored, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonObject, JsonValue

_STAGE = (
    *ignored("Drawing of the editor.", "position", "width", "height", "selected", "measured", "dragging"),
    *unsupported("The whole conversation stays in the model's view here.", "data.context_strategy", "context_strategy"),
    Rule("*", "approximated", "A detail of that stage.", "graph"),
)
_EDITOR = RuleTree(
    (
        *ignored("Names the schema of the editor.", "$id", "$schema", "meta.version"),
        Rule("meta.description", "unsupported", "", "description"),
        *(Rule(f"nodes.*.{rule.pattern}", rule.status, rule.reason, rule.target) for rule in _STAGE),
        Rule("edges.*", "approximated", "", "graph.edges"),
        Rule("global_functions", "approximated", "Functions of every stage.", "tools"),
    )
)
_STATIC = RuleTree(
    (
        Rule("nodes.*.context_strategy", "unsupported", "The whole conversation stays in the model's view here."),
        Rule("nodes.*", "approximated", "A detail of that stage.", "graph"),
    )
)
_TASKS = ("task_messages", "role_messages", "role_message")


def detect(document: JsonValue) -> Detection | None:
    """By task messages in nodes."""
    nodes = part(document, "nodes")
    if (
        has(document, "initial_node")
        and isinstance(nodes, dict)
        and any(any_of(node, *_TASKS) for node in nodes.values())
    ):
        return Detection("pipecat", "flow")
    if any(any_of(part(node, "data"), *_TASKS) for node in rows(nodes)):
        return Detection("pipecat", "editor_flow")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the flow; services and voices are in the program around it."""
    agent = Agent()
    root = source.root
    graph = Graph()
    if detection.kind == "flow":
        _static(agent, graph, root)
        root.apply(_STATIC)
    else:
        _editor(agent, graph, root)
        root.apply(_EDITOR)
    graphs.attach(agent, graph)
    warning = "A flow names no services: give the program around it too, or choose language and voice here."
    return VoiceAgents(platform="pipecat", kind=detection.kind, agents=[agent], warnings=[warning])


def _static(agent: Agent, graph: Graph, root: Node) -> None:
    start = root["initial_node"].take_text("graph")
    nodes = root["nodes"].fields()
    graphs.check_size(len(nodes))
    for name, item in nodes:
        stage = read_stage(agent, graph, item, name, "transition_to")
        stage.is_start = name == start
        _opening(agent, stage, item)
        graph.nodes.append(stage)


def _editor(agent: Agent, graph: Graph, root: Node) -> None:
    agent.name = root.at("meta", "name").take_text("name")
    nodes = root["nodes"].items()
    graphs.check_size(len(nodes))
    for at, item in enumerate(nodes):
        name = item["id"].text or f"node_{at}"
        stage = read_stage(agent, graph, item["data"], name, "next_node_id")
        stage.name = item.at("data", "label").text or name
        stage.is_start = item["type"].text == "initial"
        if item["type"].text == "end":
            stage.kind = "end"
        _opening(agent, stage, item["data"])
        graph.nodes.append(stage)
    for edge in root["edges"].items():
        source, target = edge["source"].text, edge["target"].text
        if source and target and not any((known.source, known.target) == (source, target) for known in graph.edges):
            graph.edges.append(GraphEdge(source=source, target=target, condition=edge["label"].text or ""))


def read_stage(agent: Agent, graph: Graph, item: Node, name: str, onward: str) -> GraphNode:
    """One node of a flow: its messages, functions and actions."""
    role = _messages(agent, item["role_messages"], "prompt") or take_template(agent, item["role_message"], "prompt")
    agent.prompt = agent.prompt or role or ""
    stage = GraphNode(id=name, name=name, text=_messages(agent, item["task_messages"], "graph.text"))
    for function in item["functions"].items():
        body = function["function"] if function["function"].is_object else function
        _function(agent, graph, stage, body, function[onward] if function[onward] else body[onward])
    for actions in ("pre_actions", "post_actions"):
        for action in item[actions].items():
            _action(agent, stage, action)
    return stage


def _messages(agent: Agent, node: Node, target: str) -> str:
    texts = []
    for message in node.items():
        text = take_template(agent, message["content"], target)
        message["role"].mark("mapped", target=target)
        texts.append(text or "")
    return "\n".join(text for text in texts if text)


def _function(agent: Agent, graph: Graph, stage: GraphNode, item: Node, onward: Node) -> None:
    description = item["description"].take_text("tools.description") or ""
    parameters: JsonObject = tools.take_schema(item["parameters"])
    if item["properties"].is_object:
        item["properties"].mark("mapped", target="tools.parameters")
        item["required"].mark("mapped", target="tools.parameters")
        parameters = {"type": "object", "properties": item["properties"].json, "required": item["required"].json or []}
    name = tools.take_name(item["name"], "function")
    target = onward.text
    if target:
        onward.mark("approximated", "", "graph.edges")
        graph.edges.append(GraphEdge(source=stage.id, target=target, condition=description or name))
        properties = parameters.get("properties")
        stage.extracts += list(properties) if isinstance(properties, dict) else []
        return
    item["handler"].mark("needs_input", "The handler is in your own code.")
    if not any(tool.name == name for tool in agent.tools):
        agent.tools.append(Tool(name=name, description=description, parameters=parameters))
    stage.tools.append(name)


def _action(agent: Agent, stage: GraphNode, action: Node) -> None:
    kind = action["type"].text
    if kind == "end_conversation":
        stage.kind = "end"
        tools.end_call(agent)
        action["type"].mark("mapped", target="endCall.enabled")
    elif kind == "tts_say":
        text = take_template(agent, action["text"], "graph.text")
        stage.text = f"Say: {text}\n{stage.text}" if text else stage.text
    else:
        action.mark("unsupported", "Runs in your own code.")


def _opening(agent: Agent, stage: GraphNode, item: Node) -> None:
    if stage.is_start:
        waits = item["respond_immediately"].json is False
        item["respond_immediately"].mark("mapped", target="firstMessage.mode")
        agent.first_message.mode = "wait" if waits else "generate"


READER = Reader("pipecat", "Pipecat", detect, read)
