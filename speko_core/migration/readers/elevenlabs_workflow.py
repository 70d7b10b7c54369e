"""ElevenLabs' workflows as a graph: nodes and edges are objects by id there."""

from speko_core.migration import graphs
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode, Transfer
from speko_core.migration.source import Node
from speko_core.migration.variables import take_template

_KINDS = {
    "start": "talk",
    "say": "say",
    "override_agent": "talk",
    "end": "end",
    "phone_number": "transfer",
    "tool": "tool",
}


def read_workflow(agent: Agent, node: Node) -> None:
    """Read the workflow, when there is more than its start."""
    nodes, edges = node["nodes"].fields(), node["edges"].fields()
    graphs.check_size(len(nodes))
    if len(nodes) > 1:
        graph = Graph(nodes=[_stage(agent, name, item) for name, item in nodes])
        for _, edge in edges:
            graph.edges.extend(_edges(edge))
        graphs.attach(agent, graph)
    node["prevent_subagent_loops"].mark("ignored", "Set by the editor.")
    node.mark("approximated", "A detail of that stage.", "graph")


def _stage(agent: Agent, name: str, item: Node) -> GraphNode:
    kind = item["type"].text or "talk"
    item["position"].mark("ignored", "Drawing of the editor.")
    item["edge_order"].mark("ignored", "Drawing of the editor.")
    text = take_template(agent, item["additional_prompt"], "graph.text") or ""
    prompt = item.at("conversation_config", "agent", "prompt", "prompt")
    text = text or take_template(agent, prompt, "graph.text") or ""
    message = item["message"]
    said = message["text"] if message.is_object else message
    text = text or take_template(agent, said, "graph.text") or ""
    stage = GraphNode(id=name, name=item["label"].text or name, text=text, is_start=kind == "start")
    stage.kind = _KINDS.get(kind, "other")  # type: ignore[assignment]
    if kind == "phone_number":
        place = item.at("transfer_destination", "phone_number")
        stage.transfer_to = place.take_text("transfers.to")
        agent.transfers.append(Transfer(to=stage.transfer_to or "", description=stage.name))
    return stage


def _edges(edge: Node) -> list[GraphEdge]:
    source, target = edge["source"].text or "", edge["target"].text or ""
    edge.mark("approximated", "", "graph.edges")
    found = []
    for key, one, other in (("forward_condition", source, target), ("backward_condition", target, source)):
        condition = edge[key]
        if condition.is_object:
            always = condition["type"].text == "unconditional"
            text = condition["condition"].text or condition["label"].text or ""
            found.append(GraphEdge(source=one, target=other, condition=text, kind="always" if always else "prompt"))
    return found
