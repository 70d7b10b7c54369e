"""Synthflow agents (v2) with their actions."""

from speko_core.migration import languages, tools
from speko_core.migration.neutral import Agent, Endpoint, Extraction, Tool, Transfer, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, any_of, part
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.migration.vendors import HOUSE_VOICE, split_entry
from speko_core.types import JsonObject, JsonValue

_MODES = {"agent_static": "say", "agent_dynamic": "generate", "human": "wait"}
_RULES = RuleTree(
    (
        *ignored("Metadata of Synthflow's database.", "model_id", "id", "created_at", "updated_at", "type"),
        *unsupported(
            "A setting of Synthflow only.",
            "agent.voice_stability",
            "agent.voice_similarity_boost",
            "agent.voice_style",
            "agent.voice_optimise_streaming_latency",
            "agent.realtime_mode",
            "agent.voice_engine",
        ),
        *needs_input(
            "Refers to something stored at Synthflow; export it too.", "knowledge_base_id", "agent.knowledge_base_id"
        ),
        *unsupported("A matter of the installation here, not of the agent.", "is_recording", "consent_recording"),
        Rule("phone_number", "needs_input", "", "telephony.numbers"),
        Rule("caller_id_number", "needs_input", "", "telephony.numbers"),
        Rule("external_webhook_url", "approximated", "", "webhooks.url"),
        Rule("agent.patience_level", "approximated", "", "turn.sensitivity"),
        Rule("agent.noise_cancellation", "approximated", "", "turn.noiseCancellation"),
        Rule("agent.allowed_idle_time_seconds", "approximated", "", "limits.silenceEndS"),
        Rule("description", "unsupported", "", "description"),
    )
)


def detect(document: JsonValue) -> Detection | None:
    """By an agent with a greeting of Synthflow's kind."""
    agent = part(document, "agent")
    if (
        isinstance(agent, dict)
        and any_of(agent, "greeting_message", "greeting_message_mode")
        and any_of(agent, "prompt", "llm")
    ):
        return Detection("synthflow", "agent")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the agent and its actions."""
    agent = Agent()
    root = source.root
    node = root["agent"]
    agent.name = root["name"].take_text("name")
    agent.prompt = take_template(agent, node["prompt"], "prompt", "single") or ""
    agent.first_message.text = take_template(agent, node["greeting_message"], "firstMessage.text", "single")
    mode = node["greeting_message_mode"].take_text("firstMessage.mode")
    default = "say" if agent.first_message.text else "generate"
    agent.first_message.mode = _MODES.get(mode or "", default)  # type: ignore[assignment]
    named = split_entry(node["llm"].text or "")
    if named.model:
        agent.llm.provider, agent.llm.model = named.provider, named.model
        node["llm"].take_text("llm.model")
    languages.take_language(agent, node["language"])
    node["voice_id"].mark("approximated", HOUSE_VOICE, "voice.name")
    agent.voice.speed = node["voice_speed"].take_number("voice.speed")
    for actions in (root["actions"], node["actions"]):
        for item in actions.items():
            _action(agent, item)
    root.apply(_RULES)
    return VoiceAgents(platform="synthflow", kind=detection.kind, agents=[agent])


def _action(agent: Agent, item: Node) -> None:
    for kind, body in item.fields() or []:
        if kind == "LIVE_TRANSFER":
            warm = "warm" in (body["transfer_mode"].text or "")
            to = body["phone"].take_text("transfers.to") or ""
            words = body["instructions"].take_text("transfers.description") or ""
            agent.transfers.append(Transfer(to=to, description=words, mode="warm" if warm else "blind"))
            body.mark("approximated", "A detail of that transfer.", "transfers")
        elif kind == "CUSTOM_ACTION":
            _custom(agent, body)
        elif kind == "INFORMATION_EXTRACTOR":
            _extractor(agent, body)
        elif kind == "SEND_SMS":
            reason = "Text messages are not sent by the agent here."
            tools.add_tool(agent, Tool(name="send_sms", unmappable=reason))
            body.mark("unsupported", reason)


def _custom(agent: Agent, body: Node) -> None:
    properties: JsonObject = {}
    for row in body["variables_during_the_call"].items():
        name = row["name"].text or "value"
        properties[name] = {"type": row["type"].text or "string", "description": row["description"].text or ""}
        row.mark("mapped", target="tools.parameters")
    timeout = body["failure_timeout"].take_number("tools.timeoutMs", factor=1000)
    tool = Tool(
        name=tools.take_name(body["name"], "custom_action"),
        description=body["description"].take_text("tools.description") or "",
        parameters={"type": "object", "properties": properties},
        kind="webhook",
        endpoint=Endpoint(
            url=body["url"].take_text("tools.url") or "",
            method=(body["http_mode"].take_text("tools.method") or "POST").upper(),
            headers=tools.take_headers(body["headers"]),
            body=body["json_body"].take("tools.body"),
            query={str(row["key"].json): row["value"].take("tools.query") for row in body["query_parameters"].items()},
            timeout_ms=int(timeout) if timeout else None,
        ),
        speech=body["speech_while_using_the_tool"].take_text("tools.speech"),
    )
    body.mark("approximated", "A detail of that action.", "tools")
    tools.add_tool(agent, tool)


def _extractor(agent: Agent, body: Node) -> None:
    for kind, item in body.fields():
        options = [text for text in (choice.text for choice in item["choices"].items()) if text]
        name = tools.field_name(item["identifier"].text)
        form = "boolean" if kind == "YES_NO" else "enum" if kind == "SINGLE_CHOICE" and options else "string"
        agent.extraction.append(
            Extraction(name=name, type=form, description=item["description"].text or name, options=options)
        )
        item.mark("mapped", target="extraction")


READER = Reader("synthflow", "Synthflow", detect, read)
