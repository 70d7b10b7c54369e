"""Retell's conversation flows, and the older states of an LLM, as one graph."""

from typing import Literal

from speko_core.migration import graphs, vendors
from speko_core.migration.neutral import Agent, Graph, GraphEdge, GraphNode
from speko_core.migration.readers.retell_rules import FLOW_RULES
from speko_core.migration.readers.retell_tools import read_tools, read_transfer
from speko_core.migration.source import Node
from speko_core.migration.variables import take_defaults, take_template

NodeKind = Literal["talk", "say", "end", "transfer", "tool", "branch", "global", "other"]
_KINDS: dict[str, NodeKind] = {
    "conversation": "talk", "subagent": "talk", "end": "end", "function": "tool", "code": "other",
    "transfer_call": "transfer", "press_digit": "other", "branch": "branch", "sms": "other",
    "extract_dynamic_variables": "other", "agent_swap": "other", "mcp": "other", "component": "other",
    "bridge_transfer": "other", "cancel_transfer": "other",
}  # fmt: skip
_NO_STAGE = "This kind of stage cannot be carried out here; the model reads its text only."


def read_flow(agent: Agent, node: Node) -> None:
    """A conversation flow."""
    graphs.check_size(len(node["nodes"].items()))
    agent.prompt = take_template(agent, node["global_prompt"], "prompt") or agent.prompt
    vendors.take_llm(agent, node.at("model_choice", "provider"), node.at("model_choice", "model"))
    temperature = node["model_temperature"].take_number("llm.temperature")
    agent.llm.temperature = 0.0 if temperature is None else temperature
    _first_message(agent, node)
    take_defaults(agent, node["default_dynamic_variables"])
    tools = node["tools"].items()
    ids = {tool["tool_id"].text or "": at for at, tool in enumerate(tools)}
    names = read_tools(agent, tools)
    graph = Graph()
    start = node["start_node_id"].take_text("graph")
    for item in node["nodes"].items():
        _node(agent, graph, item, start, {key: names[at] for key, at in ids.items()})
    for component in node["components"].items():
        for item in component["nodes"].items():
            _node(agent, graph, item, start, {})
    if graph.nodes and not any(stage.is_start for stage in graph.nodes):
        graph.nodes[0].is_start = start is None
    graphs.attach(agent, graph)
    node["knowledge_base_ids"].mark("needs_input", "", "knowledge")
    node["mcps"].mark("needs_input", "", "mcpServers")
    node.apply(FLOW_RULES)


def _first_message(agent: Agent, node: Node) -> None:
    speaker = node["start_speaker"].take_text("firstMessage.mode")
    text = take_template(agent, node["begin_message"], "firstMessage.text")
    agent.first_message.text = text
    agent.first_message.mode = "wait" if speaker == "user" else ("say" if text else "generate")


def _node(agent: Agent, graph: Graph, item: Node, start: str | None, tools: dict[str, str]) -> None:
    kind = item["type"].text or "conversation"
    known = _KINDS.get(kind, "other")
    instruction = item["instruction"]
    text = take_template(agent, instruction["text"], "graph.text") or take_template(
        agent, instruction["prompt"], "graph.text"
    )
    text = text or take_template(agent, item["text"], "graph.text") or ""
    static = instruction["type"].text == "static_text"
    stage = GraphNode(
        id=item["id"].text or f"node_{len(graph.nodes)}",
        name=item["name"].text or "",
        kind="say" if static and known == "talk" else known,
        text=text,
        is_start=item["id"].text is not None and item["id"].text == start,
    )
    _globals(stage, item["global_node_setting"])
    if known == "transfer":
        stage.transfer_to = read_transfer(agent, item)
    if known == "tool":
        name = tools.get(item["tool_id"].text or "")
        stage.tools = [name] if name else []
        item["tool_id"].mark(
            "mapped" if name else "needs_input", "" if name else "The tool is not in the file.", "graph.tools"
        )
    for key in ("id", "name", "type"):
        item[key].mark("mapped", target="graph")
    instruction["type"].mark("mapped", target="graph")
    if known == "other":
        item.mark("unsupported", _NO_STAGE)
    _edges(graph, stage.id, item)
    graph.nodes.append(stage)


def _globals(stage: GraphNode, setting: Node) -> None:
    condition = setting["condition"].take_text("graph")
    if condition:
        stage.condition = condition
        if not stage.is_start:
            stage.kind = "global" if stage.kind == "talk" else stage.kind


def _edges(graph: Graph, source: str, item: Node) -> None:
    plain = [*item["edges"].items(), item["edge"]]
    for edge in plain:
        _edge(graph, source, edge, "prompt")
    for key, kind in (("else_edge", "else"), ("skip_response_edge", "always"), ("always_edge", "always")):
        _edge(graph, source, item[key], kind)


def _edge(graph: Graph, source: str, edge: Node, kind: str) -> None:
    if not edge.is_object:
        return
    target = edge["destination_node_id"].text or edge["destination"].text
    condition = edge["transition_condition"]
    text = condition["prompt"].text or condition["description"].text or ""
    if condition["equations"].is_list or condition["type"].text == "equation":
        kind = "equation" if kind == "prompt" else kind
        joined = f" {condition['operator'].text or '&&'} "
        text = (
            joined.join(_equation(row) for row in condition["equations"].items()) or condition["equation"].text or text
        )
    edge.mark("approximated", "", "graph.edges")
    if target:
        graph.edges.append(GraphEdge(source=source, target=target, condition=text, kind=kind))


def _equation(row: Node) -> str:
    return " ".join(str(row[key].json) for key in ("left", "operator", "right") if row[key].json is not None)


def read_states(agent: Agent, node: Node) -> None:
    """The states of an LLM, the older way to write stages."""
    states = node["states"].items()
    graphs.check_size(len(states))
    start = node["starting_state"].take_text("graph")
    graph = Graph()
    for at, state in enumerate(states):
        name = state["name"].text or f"state_{at + 1}"
        stage = GraphNode(id=name, name=name, is_start=(name == start) if start else at == 0)
        stage.text = take_template(agent, state["state_prompt"], "graph.text") or ""
        state["name"].mark("mapped", target="graph")
        stage.tools = read_tools(agent, state["tools"].items())
        for edge in state["edges"].items():
            target = edge["destination_state_name"].text
            edge.mark("approximated", "", "graph.edges")
            if target:
                graph.edges.append(GraphEdge(source=name, target=target, condition=edge["description"].text or ""))
        state.mark("approximated", "A detail of that stage.", "graph")
        graph.nodes.append(stage)
    graphs.attach(agent, graph)
