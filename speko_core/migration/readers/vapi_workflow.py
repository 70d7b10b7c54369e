"""Vapi's workflows, retired there in August 2026: nodes that talk, gather, call, transfer and end, and the edges."""

from collections.abc import Callable

from speko_core.migration import graphs
from speko_core.migration.neutral import Agent, FirstMessage, Graph, GraphEdge, GraphNode, VoiceAgents
from speko_core.migration.readers.base import has, part, rows
from speko_core.migration.readers.vapi_tools import read_tools
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonValue

_RETIRED = "Vapi retired workflows on 2026-08-18; compare with the squad it became there."
_ENDS = ("endCall", "hangup")
_TRANSFERS = ("transferCall", "transfer")


def is_workflow(document: JsonValue) -> bool:
    """Nodes of Vapi's kinds, with edges by name between them."""
    nodes, edges = rows(part(document, "nodes")), rows(part(document, "edges"))
    talks = any(node.get("type") in ("conversation", "gather") and "from" not in node for node in nodes)
    return talks and any(has(edge, "from", "to") for edge in edges)


def read_workflow(source: Source, read_assistant: Callable[[Agent, Node], None]) -> VoiceAgents:
    """One agent with a graph; what stands beside the nodes is an assistant's."""
    root = source.root
    agent, opening = Agent(), FirstMessage(mode="wait")
    prompt = take_template(agent, root["globalPrompt"], "prompt") or ""
    listed = root["nodes"].items()
    graphs.check_size(len(listed))
    graph = Graph(nodes=[_stage(agent, node, at) for at, node in enumerate(listed)])
    graph.edges = [_edge(edge) for edge in root["edges"].items()]
    for node, stage in zip(listed, graph.nodes, strict=True):
        text = take_template(agent, node.at("messagePlan", "firstMessage"), "firstMessage.text") or ""
        if text and stage.is_start:
            opening = FirstMessage(mode="say", text=text)
        node.mark("approximated", "A detail of that stage.", "graph")
    read_assistant(agent, root)
    agent.prompt = "\n\n".join(filter(None, [prompt, agent.prompt]))
    agent.first_message = opening
    graphs.attach(agent, graph)
    return VoiceAgents(platform="vapi", kind="workflow", agents=[agent], warnings=[_RETIRED])


def _stage(agent: Agent, node: Node, at: int) -> GraphNode:
    name = node["name"].text or node["id"].text or f"node_{at + 1}"
    for key in ("name", "type", "isStart"):
        node[key].mark("approximated", "", "graph")
    for key in ("metadata", "position"):
        node[key].mark("ignored", "Drawing of the editor.")
    stage = GraphNode(id=name, name=name, is_start=node["isStart"].json is True or node["type"].text == "start")
    stage.text = take_template(agent, node["prompt"], "graph.text") or ""
    stage.text = stage.text or take_template(agent, node["exact"], "graph.text") or ""
    if node.at("globalNodePlan", "enabled").json is True:
        stage.condition = node.at("globalNodePlan", "enterCondition").take_text("graph.condition")
    stage.extracts = _extracts(node)
    _act(agent, node, stage)
    return stage


def _extracts(node: Node) -> list[str]:
    plan = node["variableExtractionPlan"]
    listed = [item["title"].text or item["name"].text or "" for item in plan["output"].items()]
    schemas = (plan["schema"], node["output"], node["schema"])
    return [*filter(None, listed), *(name for schema in schemas for name, _ in schema["properties"].fields())]


def _act(agent: Agent, node: Node, stage: GraphNode) -> None:
    """What a node does that does not talk: its own kind, or that of the tool it holds."""
    held, kind = node["tool"], node["type"].text or ""
    if kind == "tool":
        kind = held["type"].text or "tool"
        node["toolId"].mark("needs_input", "A stored tool by id; export it too.", "tools")
    if kind in _ENDS:
        stage.kind = "end"
    elif kind in _TRANSFERS:
        stage.kind = "transfer"
        stage.transfer_to = node["destination"]["number"].take_text("transfers.to") or held["destinations"][0][
            "number"
        ].take_text("transfers.to")
    elif kind == "say":
        stage.kind = "say"
    elif kind not in ("conversation", "gather", "start"):
        stage.kind = "tool"
        known = len(agent.tools)
        read_tools(agent, [held if held.is_object else node], None)
        stage.tools = [tool.name for tool in agent.tools[known:]]


def _edge(edge: Node) -> GraphEdge:
    condition = edge["condition"]
    edge.mark("approximated", "", "graph.edges")
    text = condition["prompt"].text or condition["liquid"].text or condition.text or ""
    logic = condition["type"].text == "logic"
    if logic:  # an expression is no placeholder of the prompt
        text = text.replace("{{", "").replace("}}", "").strip()
    kind = "equation" if logic else "prompt" if text else "always"
    return GraphEdge(source=edge["from"].text or "", target=edge["to"].text or "", condition=text, kind=kind)
