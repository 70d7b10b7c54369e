"""Bolna: the document that creates an agent, the flattened answer of its API, and graph agents."""

import json

from speko_core.migration import graphs, languages, tools, vendors
from speko_core.migration.neutral import (
    Agent,
    Extraction,
    Graph,
    GraphEdge,
    GraphNode,
    Speech2Speech,
    VoiceAgents,
    Webhook,
)
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows
from speko_core.migration.readers.bolna_rules import TASK_RULES, TOP_RULES
from speko_core.migration.readers.bolna_tools import read_tools
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonValue

_NOTE = "A note about a Bolna agent, without its tasks; export the agent with Bolna's API (GET /v2/agent/<id>)."


def detect(document: JsonValue) -> Detection | None:
    """By tasks with a tools_config, wrapped or flat."""
    if _has_tasks(part(document, "agent_config")):
        return Detection("bolna", "create")
    if _has_tasks(document):
        return Detection("bolna", "agent")
    if has(document, "agent_name", "agent_id") and "bolna" in str(part(document, "platform")):
        return Detection("bolna", "near_miss", _NOTE)
    return None


def _has_tasks(document: JsonValue) -> bool:
    return any(any_of(task, "tools_config", "toolchain") for task in rows(part(document, "tasks")))


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the conversation task, then what other tasks add."""
    agent = Agent()
    root = source.root
    config = root["agent_config"] if detection.kind == "create" else root
    agent.name = config["agent_name"].take_text("name")
    agent.first_message.text = take_template(agent, config["agent_welcome_message"], "firstMessage.text", "single")
    agent.first_message.mode = "say" if agent.first_message.text else "wait"
    url = config["webhook_url"].take_text("webhooks.url")
    if url:
        agent.webhooks.append(Webhook(event="post_call", url=url))
    prompts = config["agent_prompts"] if config["agent_prompts"] else root["agent_prompts"]
    for at, task in enumerate(config["tasks"].items(), 1):
        _task(agent, task, prompts[f"task_{at}"], at)
    config.apply(TOP_RULES)
    root.apply(TOP_RULES)
    return VoiceAgents(platform="bolna", kind=detection.kind, agents=[agent])


def _task(agent: Agent, task: Node, prompts: Node, at: int) -> None:
    kind = task["task_type"].text or "conversation"
    if kind == "conversation":
        agent.prompt = take_template(agent, prompts["system_prompt"], "prompt", "single") or agent.prompt
        _conversation(agent, task["tools_config"])
        _behaviour(agent, task["task_config"])
    elif kind == "extraction":
        _extraction(agent, task, prompts)
    elif kind == "summarization":
        prompts["system_prompt"].mark("approximated", "", "summaryPrompt")
        task.mark("approximated", "Every report has a summary.", "summaryPrompt")
    elif kind == "webhook":
        url = task.at("tools_config", "api_tools", "webhookURL").take_text("webhooks.url")
        if url:
            agent.webhooks.append(Webhook(event="post_call", url=url))
    prompts.mark("approximated", "A prompt of that task.", "prompt")
    task.apply(TASK_RULES)


def _extraction(agent: Agent, task: Node, prompts: Node) -> None:
    for place in (task.at("tools_config", "llm_agent", "llm_config", "extraction_details"),
                  task.at("tools_config", "llm_agent", "extraction_details"), prompts["system_prompt"]):  # fmt: skip
        text = place.text
        if text and not any(field.name == "details" for field in agent.extraction):
            place.approximated("One text, not a list of fields; split it by hand.", "extraction")
            agent.extraction.append(Extraction(name="details", description=text[:10_000]))


def _conversation(agent: Agent, config: Node) -> None:
    _llm(agent, config["llm_agent"])
    voice = config["synthesizer"]
    settings = voice["provider_config"]
    vendors.take_voice(agent, voice["provider"], settings["voice_id"], settings["model"])
    if not settings["voice_id"]:
        vendors.take_voice(agent, voice["provider"], settings["voice"], None)
    else:
        agent.voice.name = settings["voice"].take_text("voice.name")
    agent.voice.speed = settings["speed"].take_number("voice.speed")
    settings["language"].mark("approximated", "", "voice.language")
    for item in voice["pronunciation_rules"].items():
        word, spoken = (
            item["word"].take_text("speech.pronunciations"),
            item["say_as"].take_text("speech.pronunciations"),
        )
        if word and spoken:
            agent.pronunciations[word] = spoken
    heard = config["transcriber"]
    vendors.take_stt(agent, heard["provider"], heard["model"])
    languages.take_language(agent, heard["language"])
    words = heard["keywords"].take_text("stt.keywords") or ""
    agent.stt.keywords.extend(
        word.strip().rpartition(":")[0] or word.strip() for word in words.split(",") if word.strip()
    )
    speech = config["s2s"]
    if speech.at("provider_config", "model").text:
        agent.s2s = Speech2Speech(
            provider=vendors.vendor(speech["provider"].take_text("s2s.provider")),
            model=speech.at("provider_config", "model").take_text("s2s.model"),
            voice=speech.at("provider_config", "voice").take_text("s2s.voice"),
        )
    read_tools(agent, config["api_tools"])


def _llm(agent: Agent, node: Node) -> None:
    config = node["llm_config"] if node["llm_config"] else node
    model = config["model"]
    named = vendors.split_entry(model.text) if model.text and "/" in model.text else None
    vendors.take_llm(agent, config["provider"], model)
    if named is not None and agent.llm.model:
        agent.llm.provider, agent.llm.model = named.provider, named.model
    agent.llm.temperature = config["temperature"].take_number("llm.temperature")
    tokens = config["max_tokens"].take_number("llm.maxTokens")
    agent.llm.max_tokens = int(tokens) if tokens else None
    config["base_url"].mark("needs_input", "Your own language model's address.", "llm.endpoint")
    information = take_template(agent, config["agent_information"], "prompt", "single")
    agent.prompt = "\n\n".join(text for text in (agent.prompt, information) if text)
    _graph(agent, config)
    for key in ("agent_type", "agent_flow_type", "family", "request_json"):
        node[key].mark("ignored", "How Bolna wires its own parts.")
        config[key].mark("ignored", "How Bolna wires its own parts.")


def _graph(agent: Agent, config: Node) -> None:
    nodes = config["nodes"].items()
    graphs.check_size(len(nodes))
    start = config["current_node_id"].take_text("graph") if nodes else None
    graph = Graph()
    for at, item in enumerate(nodes):
        said = take_template(agent, item["static_message"], "graph.text", "single")
        stage = GraphNode(
            id=item["id"].text or f"node_{at}", kind="say" if said else "talk", is_start=item["id"].text == start
        )
        stage.text = said or take_template(agent, item["prompt"], "graph.text", "single") or ""
        call = item["function_call"].text
        stage.tools = [tools.tool_name(call)] if call else []
        for edge in item["edges"].items():
            target, kind = edge["to_node_id"].text, edge["condition_type"].text
            if target:
                text = edge["condition"].text or json.dumps(edge["expression"].json)
                form = "equation" if kind == "expression" else "prompt"
                graph.edges.append(GraphEdge(source=stage.id, target=target, condition=text, kind=form))
            edge.mark("approximated", "", "graph.edges")
        item.mark("approximated", "A detail of that stage.", "graph")
        graph.nodes.append(stage)
    graphs.attach(agent, graph)


def _behaviour(agent: Agent, node: Node) -> None:
    agent.limits.silence_end_s = node["hangup_after_silence"].take_number("limits.silenceEndS")
    agent.limits.max_duration_s = node["call_terminate"].take_number("limits.maxDurationS")
    words = node["number_of_words_for_interruption"].take_number("turn.interruptionMinWords")
    agent.turn.interruption_min_words = int(words) if words is not None else None
    node["check_if_user_online"].mark("mapped", target="idle.prompts")
    if node["check_if_user_online"].json is not False:
        agent.idle.after_seconds = node["trigger_user_online_message_after"].take_number("idle.afterSeconds")
        _spoken(agent, node["check_user_online_message"])
    if node["hangup_after_LLMCall"].take_flag("endCall.enabled"):
        words_of_end = take_template(agent, node["call_cancellation_prompt"], "endCall.message", "single")
        tools.end_call(agent, words_of_end or "")
    voicemail = node["voicemail"]
    if isinstance(voicemail.json, bool):
        agent.voicemail.mode = "agent" if voicemail.take_flag("voicemail.mode") else "disabled"
    timeout = node["voicemail_detection_duration"].take_number("voicemail.timeoutS")
    agent.voicemail.timeout_s = timeout
    if node["ambient_noise"].take_flag("background.source"):
        agent.background.source = node["ambient_noise_track"].take_text("background.source")


def _spoken(agent: Agent, node: Node) -> None:
    if node.text:
        agent.idle.prompts.append(node.take_text("idle.prompts") or "")
        return
    wanted = (agent.language.primary or "en").partition("-")[0]
    for language, item in node.fields():
        if language == wanted or (not agent.idle.prompts and len(node.fields()) == 1):
            agent.idle.prompts.append(item.take_text("idle.prompts") or "")
        else:
            item.mark("approximated", "", "language.others")


READER = Reader("bolna", "Bolna", detect, read)
