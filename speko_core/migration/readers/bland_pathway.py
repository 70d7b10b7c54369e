"""Bland's pathways: conversations in stages."""

from typing import Literal

from speko_core.migration import graphs, tools
from speko_core.migration.neutral import (
    Agent,
    Endpoint,
    Extraction,
    Graph,
    GraphEdge,
    GraphNode,
    Tool,
)
from speko_core.migration.readers.bland_parts import read_voice, take_words
from speko_core.migration.readers.bland_rules import PATHWAY_RULES
from speko_core.migration.source import Node

NodeKind = Literal["talk", "say", "end", "transfer", "tool", "branch", "global", "other"]
KINDS: dict[str, NodeKind] = {
    "Default": "talk",
    "End Call": "end",
    "Transfer Call": "transfer",
    "Transfer Node": "transfer",
    "Knowledge Base": "talk",
    "Webhook": "tool",
    "Wait for Response": "talk",
    "Custom Tool": "tool",
    "Route": "branch",
    "Transfer Pathway": "other",
    "Press Button": "other",
    "SMS": "other",
}


def read_pathway(agent: Agent, node: Node) -> None:
    """Read the stages and the ways between them."""
    graphs.check_size(len(node["nodes"].items()))
    agent.name = node["name"].take_text("name")
    read_voice(agent, node)
    for place in (node["globalPrompt"], node.at("globalConfig", "globalPrompt"), node.at("globalConfig", "prompt")):
        agent.prompt = agent.prompt or take_words(agent, place, "prompt")
    graph = Graph()
    for at, item in enumerate(node["nodes"].items()):
        embedded = item.at("globalConfig", "globalPrompt")
        if embedded:
            agent.prompt = agent.prompt or take_words(agent, embedded, "prompt")
            continue
        graph.nodes.append(_stage(agent, item, at))
    for edge in node["edges"].items():
        label = edge["label"].text or edge.at("data", "label").text or edge.at("data", "description").text or ""
        source, target = edge["source"].text, edge["target"].text
        if source and target:
            graph.edges.append(GraphEdge(source=source, target=target, condition=label))
    opening = next((stage for stage in graph.nodes if stage.is_start), None)
    says = opening is not None and opening.kind == "say"
    agent.first_message.mode = "say" if says else "generate"
    agent.first_message.text = opening.text if opening is not None and says else None
    graphs.attach(agent, graph)
    node.apply(PATHWAY_RULES)


def _stage(agent: Agent, item: Node, at: int) -> GraphNode:
    fields = item["data"]
    kind = KINDS.get(item["type"].text or "", "other")
    said = take_words(agent, fields["text"], "graph.text")
    stage = GraphNode(
        id=item["id"].text or f"node_{at}",
        name=fields["name"].text or "",
        text=said or take_words(agent, fields["prompt"], "graph.text"),
        kind="say" if said and kind == "talk" else kind,
        is_start=fields["isStart"].json is True,
    )
    if fields["isGlobal"].json is True:
        stage.condition = fields["globalLabel"].text or "whenever it applies"
        stage.kind = "global" if stage.kind == "talk" and not stage.is_start else stage.kind
    ends = fields["condition"].text
    if ends:
        stage.text += f"\nStay here until: {ends}"
    stage.transfer_to = fields["transferNumber"].take_text("transfers.to")
    stage.extracts = _extracts(agent, fields["extractVars"])
    if kind == "tool":
        stage.tools = [_webhook(agent, fields, stage.name)]
    if kind == "other":
        item.mark("unsupported", "This kind of stage cannot be carried out here; the model reads its text only.")
    return stage


def _extracts(agent: Agent, node: Node) -> list[str]:
    names = []
    for item in node.items():
        name, kind, description = item[0].text, item[1].text, item[2].text
        if name:
            plain = tools.field_name(name)
            names.append(plain)
            agent.extraction.append(
                Extraction(name=plain, type=tools.extraction_type(kind, False), description=description or plain)
            )
        item.mark("approximated", "Extracted after the call here, not during it.", "extraction")
    return names


def _webhook(agent: Agent, fields: Node, name: str) -> str:
    tool = Tool(
        name=tools.tool_name(name, "webhook"),
        description=fields["prompt"].text or name,
        kind="webhook",
        endpoint=Endpoint(
            url=fields["url"].take_text("tools.url") or "",
            method=(fields["method"].take_text("tools.method") or "POST").upper(),
            headers=tools.take_headers(fields["headers"]),
            body=fields["body"].take("tools.body"),
            payload_format="bland",
        ),
    )
    tools.add_tool(agent, tool)
    return agent.tools[-1].name
