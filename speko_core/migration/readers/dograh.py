"""Dograh: workflows, bare or in the answer of its API. Models and voices are set for the organization there."""

from typing import Literal

from speko_core.migration import graphs, tools
from speko_core.migration.neutral import Agent, Extraction, Graph, GraphEdge, GraphNode, VoiceAgents, Webhook
from speko_core.migration.readers.base import Detection, Reader, part, rows
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults, take_template
from speko_core.types import JsonValue

NodeKind = Literal["talk", "say", "end", "transfer", "tool", "branch", "global", "other"]
_KINDS: dict[str, NodeKind] = {
    "startCall": "talk", "agentNode": "talk", "endCall": "end", "globalNode": "global", "webhook": "other",
    "trigger": "other", "qa": "other",
}  # fmt: skip
_RULES = RuleTree(
    (
        *ignored(
            "Drawing of the editor.",
            "viewport",
            "nodes.*.position",
            "nodes.*.measured",
            "nodes.*.selected",
            "nodes.*.dragging",
            "nodes.*.width",
            "nodes.*.height",
            "edges.*.animated",
            "edges.*.selected",
            "edges.*.markerEnd",
            "edges.*.style",
            "nodes.*.data.invalid",
            "nodes.*.data.validationMessage",
            "edges.*.data.invalid",
            "edges.*.data.validationMessage",
        ),
        *ignored("Metadata of Dograh's database.", "id", "created_at", "status", "version", "total_runs"),
        *needs_input(
            "Refers to something stored at Dograh; export it too.",
            "nodes.*.data.tool_uuids",
            "nodes.*.data.pre_call_fetch_credential_uuid",
            "nodes.*.data.credential_uuid",
        ),
        Rule("nodes.*.data.document_uuids", "needs_input", "", "knowledge"),
        Rule("nodes.*.data.allow_interrupt", "unsupported", "Callers can always interrupt here."),
        Rule("nodes.*.data.add_global_prompt", "approximated", "The global prompt holds for every stage.", "graph"),
        Rule("nodes.*.data.delayed_start", "approximated", "The agent speaks at once.", "firstMessage.mode"),
        Rule("nodes.*.data.delayed_start_duration", "approximated", "The agent speaks at once.", "firstMessage.mode"),
        Rule("nodes.*", "approximated", "A detail of that stage.", "graph"),
        Rule("edges.*", "approximated", "", "graph.edges"),
        Rule("workflow_configurations", "unsupported", "A setting of Dograh only."),
    )
)


def detect(document: JsonValue) -> Detection | None:
    """By node types that only Dograh has."""
    wrapped = part(document, "workflow_definition")
    for inner, kind in ((wrapped, "workflow_answer"), (document, "workflow")):
        nodes = rows(part(inner, "nodes"))
        if nodes and any(node.get("type") in ("startCall", "agentNode", "endCall", "globalNode") for node in nodes):
            return Detection("dograh", kind)
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the graph; broken ones are read as far as they go, with diagnostics."""
    agent = Agent()
    root = source.root
    flow = root["workflow_definition"] if detection.kind == "workflow_answer" else root
    graphs.check_size(len(flow["nodes"].items()))
    agent.name = root["name"].take_text("name")
    take_defaults(agent, root["template_context_variables"])
    graph = Graph()
    for at, item in enumerate(flow["nodes"].items()):
        stage = _stage(agent, item, at)
        if stage is not None:
            graph.nodes.append(stage)
    for edge in flow["edges"].items():
        condition = edge.at("data", "condition").text or edge.at("data", "label").text or ""
        if edge["source"].text and edge["target"].text:
            made = GraphEdge(source=edge["source"].text or "", target=edge["target"].text or "", condition=condition)
            graph.edges.append(made)
    graphs.attach(agent, graph)
    agent.first_message.mode = agent.first_message.mode or "generate"
    flow.apply(_RULES)
    root.apply(_RULES)
    warning = "Dograh keeps models, voices and recognition for the organization: choose them here."
    return VoiceAgents(platform="dograh", kind=detection.kind, agents=[agent], warnings=[warning])


def _stage(agent: Agent, item: Node, at: int) -> GraphNode | None:
    fields, kind = item["data"], item["type"].text or ""
    known = _KINDS.get(kind, "other")
    text = take_template(agent, fields["prompt"], "prompt" if known == "global" else "graph.text") or ""
    if known == "global":
        agent.prompt = "\n\n".join(part for part in (agent.prompt, text) if part)
        return None
    if kind == "startCall":
        _greeting(agent, fields)
    if kind == "webhook":
        url = fields["endpoint_url"] if fields["endpoint_url"] else fields["url"]
        address = url.take_text("webhooks.url")
        if address:
            agent.webhooks.append(Webhook(event="post_call", url=address))
        return None
    fetch = fields["pre_call_fetch_url"].take_text("webhooks.url")
    if fetch:
        agent.webhooks.append(Webhook(event="pre_call", url=fetch))
    if known == "other":
        item.mark("unsupported", "This kind of node has no counterpart here.")
        return None
    stage = GraphNode(id=item["id"].text or f"node_{at}", name=fields["name"].text or "", kind=known, text=text)
    stage.is_start = fields["is_start"].json is True or kind == "startCall"
    stage.extracts = _extraction(agent, fields)
    return stage


def _greeting(agent: Agent, fields: Node) -> None:
    if fields["greeting_type"].text == "audio":
        fields["greeting"].mark("unsupported", "A recording as first message; write the text instead.")
    greeting = (
        take_template(agent, fields["greeting"], "firstMessage.text")
        if fields["greeting_type"].text != "audio"
        else None
    )
    agent.first_message.text = greeting
    agent.first_message.mode = "say" if greeting else "generate"
    fields["greeting_type"].mark("mapped", target="firstMessage.mode")


def _extraction(agent: Agent, fields: Node) -> list[str]:
    names = []
    for item in fields["extraction_variables"].items():
        name = tools.field_name(item["name"].text)
        kind = tools.extraction_type(item["type"].json, False)
        agent.extraction.append(Extraction(name=name, type=kind, description=item["prompt"].text or name))
        names.append(name)
        item.mark("approximated", "Extracted after the call here, not during it.", "extraction")
    fields["extraction_prompt"].mark("approximated", "", "extractionPrompt")
    return names


READER = Reader("dograh", "Dograh", detect, read)
