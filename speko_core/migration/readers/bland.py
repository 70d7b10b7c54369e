"""Bland: the parameters of a call or web agent, and pathways."""

from typing import Literal

from speko_core.migration import graphs, languages, tools, vendors
from speko_core.migration.neutral import (
    Agent,
    Endpoint,
    Extraction,
    Graph,
    GraphEdge,
    GraphNode,
    Tool,
    Transfer,
    VoiceAgents,
    Webhook,
)
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows, words
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import adopt, take_defaults
from speko_core.types import JsonValue

NodeKind = Literal["talk", "say", "end", "transfer", "tool", "branch", "global", "other"]
_KINDS: dict[str, NodeKind] = {
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
_CALL_KEYS = words(
    """first_sentence wait_for_greeting block_interruptions interruption_threshold transfer_list transfer_phone_number
    request_data pathway_id pronunciation_guide voicemail_message background_track analysis_schema dispatch_hours
    max_duration noise_cancellation answered_by_enabled"""
)
_VENDOR = "A setting of Bland only."
_CALL_RULES = RuleTree(
    (
        *ignored("Metadata of Bland's database.", "agent_id", "call_id", "version", "created_at", "pathway_version"),
        *needs_input(
            "Refers to something stored at Bland; export it too.", "pathway_id", "start_node_id", "persona_id"
        ),
        *unsupported(
            _VENDOR, "temperature_override", "retry", "dispatch_hours", "answered_by_enabled", "json_mode_enabled"
        ),
        *unsupported("Recording is set for the installation here.", "record"),
        Rule("phone_number", "needs_input", "", "telephony.numbers"),
        Rule("from", "needs_input", "", "telephony.numbers"),
        Rule("interruption_threshold", "approximated", "", "turn.sensitivity"),
        Rule("block_interruptions", "unsupported", "Callers can always interrupt here."),
        Rule("summary_prompt", "approximated", "", "summaryPrompt"),
        Rule("dispositions", "approximated", "Make an extraction field of the outcomes that matter."),
        Rule("webhook_events", "approximated", "Choose events when subscribing a webhook."),
    )
)
_PATHWAY_RULES = RuleTree(
    (
        *ignored(
            "Drawing of the editor.",
            "nodes.*.position",
            "nodes.*.width",
            "nodes.*.height",
            "nodes.*.measured",
            "nodes.*.selected",
            "nodes.*.dragging",
            "nodes.*.positionAbsolute",
            "edges.*.animated",
            "edges.*.sourceHandle",
            "edges.*.targetHandle",
            "edges.*.selected",
            "viewport",
        ),
        Rule("description", "unsupported", "", "description"),
        Rule("nodes.*.data.modelOptions", "unsupported", "One model leads the whole call here."),
        Rule("nodes.*.data.dialogueExamples", "unsupported", "Write examples into the prompt."),
        Rule("nodes.*.data.pathwayExamples", "unsupported", "Write examples into the prompt."),
        Rule("nodes.*.data.responseData", "approximated", "", "tools.response"),
        Rule("nodes.*.data.responsePathways", "approximated", "The model decides by the answer.", "graph"),
        Rule("nodes.*.data.kb", "needs_input", "", "knowledge"),
        Rule("nodes.*", "approximated", "A detail of that stage.", "graph"),
        Rule("edges.*", "approximated", "", "graph.edges"),
    )
)


def detect(document: JsonValue) -> Detection | None:
    """By the typed nodes of a pathway, or by call parameters that only Bland has."""
    nodes = rows(part(document, "nodes"))
    known = [node for node in nodes if str(node.get("type")) in _KINDS and isinstance(node.get("data"), dict)]
    if known and len(known) * 2 >= len(nodes) and isinstance(part(document, "edges"), list):
        return Detection("bland", "pathway")
    marks = sum(key in _CALL_KEYS for key in document) if isinstance(document, dict) else 0
    if any_of(document, "task", "prompt", "pathway_id") and marks >= 2 and not has(document, "nodes"):
        return Detection("bland", "call")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read a call's parameters or a pathway."""
    agent = Agent()
    (_pathway if detection.kind == "pathway" else _call)(agent, source.root)
    return VoiceAgents(platform="bland", kind=detection.kind, agents=[agent])


def _voice(agent: Agent, node: Node) -> None:
    voice = node["voice"]
    if voice.text:
        agent.voice.name = voice.text
        voice.approximated(vendors.HOUSE_VOICE, "voice.name")


def _call(agent: Agent, node: Node) -> None:
    agent.name = node["name"].take_text("name")
    for key in ("task", "prompt"):
        agent.prompt = agent.prompt or _text(agent, node[key], "prompt")
    agent.first_message.text = _text(agent, node["first_sentence"], "firstMessage.text") or None
    waits = node["wait_for_greeting"].take_flag("firstMessage.mode")
    agent.first_message.mode = "wait" if waits else ("say" if agent.first_message.text else "generate")
    _voice(agent, node)
    languages.take_language(agent, node["language"])
    node["model"].mark("approximated", "Bland's own model; the router picks one.", "llm.model")
    agent.llm.temperature = node["temperature"].take_number("llm.temperature")
    agent.stt.keywords.extend(node["keywords"].take_texts("stt.keywords"))
    for item in node["pronunciation_guide"].items():
        word, spoken = (
            item["word"].take_text("speech.pronunciations"),
            item["pronunciation"].take_text("speech.pronunciations"),
        )
        item.mark("approximated", "Case and spacing are not distinguished.", "speech.pronunciations")
        if word and spoken:
            agent.pronunciations[word] = spoken
    _transfers(agent, node)
    take_defaults(agent, node["request_data"])
    read_tools(agent, node["tools"])
    _ending(agent, node)
    agent.metadata.update({name: item.take("metadata") for name, item in node["metadata"].fields()})
    tools.take_extraction_schema(agent, node["analysis_schema"])
    if not node["analysis_schema"]["properties"]:
        for name, item in node["analysis_schema"].fields():
            kind = tools.extraction_type(item.json, False)
            agent.extraction.append(
                Extraction(name=tools.field_name(name), type=kind, description=name.replace("_", " "))
            )
            item.mark("mapped", target="extraction")
    node.apply(_CALL_RULES)


def _text(agent: Agent, node: Node, target: str) -> str:
    text = node.take_text(target)
    if text is None:
        return ""
    if "<|" in text:
        node.revise("Pause marks are taken out.")
        text = "".join(piece.partition("|>")[2] if "|>" in piece else piece for piece in text.split("<|"))
    return adopt(agent, text, node.revise)


def _transfers(agent: Agent, node: Node) -> None:
    number = node["transfer_phone_number"].take_text("transfers.to")
    if number:
        agent.transfers.append(Transfer(to=number, description="Transfer the call."))
    for name, item in node["transfer_list"].fields():
        to = item.take_text("transfers.to")
        if to and to not in {known.to for known in agent.transfers}:
            agent.transfers.append(Transfer(to=to, description=name))


def _ending(agent: Agent, node: Node) -> None:
    agent.limits.max_duration_s = node["max_duration"].take_number("limits.maxDurationS", factor=60)
    voicemail = node["voicemail"]
    action = voicemail["action"].take_text("voicemail.mode")
    if action:
        agent.voicemail.mode = "disabled" if action == "ignore" else "agent"
    for place in (voicemail["message"], node["voicemail_message"]):
        agent.voicemail.message = agent.voicemail.message or _text(agent, place, "voicemail.message") or None
    voicemail.mark("approximated", "Detection has a mode and a message here.", "voicemail.mode")
    agent.background.source = node["background_track"].take_text("background.source")
    node["noise_cancellation"].take_flag("turn.noiseCancellation")
    url = node["webhook"].take_text("webhooks.url")
    if url:
        agent.webhooks.append(Webhook(event="post_call", url=url))


def read_tools(agent: Agent, node: Node) -> None:
    """Inline tools; an id needs its own export."""
    for item in node.items():
        if not item.is_object:
            item.mark("needs_input", "A tool or knowledge base by id; export it too.")
            continue
        tools.add_tool(agent, _tool(item))


def _tool(item: Node) -> Tool:
    schema = item["input_schema"]
    schema["example"].mark("approximated", "Examples belong into the description.", "tools.parameters")
    timeout = item["timeout"].take_number("tools.timeoutMs")
    item["response"].mark("approximated", "", "tools.response")
    parameters = tools.take_schema(schema)
    parameters.pop("example", None)
    return Tool(
        name=tools.take_name(item["name"], "custom_tool"),
        description=item["description"].take_text("tools.description") or "",
        parameters=parameters,
        kind="webhook",
        endpoint=Endpoint(
            url=item["url"].take_text("tools.url") or "",
            method=(item["method"].take_text("tools.method") or "POST").upper(),
            headers=tools.take_headers(item["headers"]),
            query={name: field.take("tools.query") for name, field in item["query"].fields()},
            body=item["body"].take("tools.body"),
            timeout_ms=int(timeout) if timeout else None,
            payload_format="bland",
        ),
        speech=item["speech"].take_text("tools.speech"),
    )


def _pathway(agent: Agent, node: Node) -> None:
    graphs.check_size(len(node["nodes"].items()))
    agent.name = node["name"].take_text("name")
    _voice(agent, node)
    for place in (node["globalPrompt"], node.at("globalConfig", "globalPrompt"), node.at("globalConfig", "prompt")):
        agent.prompt = agent.prompt or _text(agent, place, "prompt")
    graph = Graph()
    for at, item in enumerate(node["nodes"].items()):
        embedded = item.at("globalConfig", "globalPrompt")
        if embedded:
            agent.prompt = agent.prompt or _text(agent, embedded, "prompt")
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
    node.apply(_PATHWAY_RULES)


def _stage(agent: Agent, item: Node, at: int) -> GraphNode:
    fields = item["data"]
    kind = _KINDS.get(item["type"].text or "", "other")
    said = _text(agent, fields["text"], "graph.text")
    stage = GraphNode(
        id=item["id"].text or f"node_{at}",
        name=fields["name"].text or "",
        text=said or _text(agent, fields["prompt"], "graph.text"),
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


READER = Reader("bland", "Bland", detect, read)
