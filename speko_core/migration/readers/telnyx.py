"""Telnyx AI assistants."""

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import Agent, Endpoint, Tool, Transfer, VoiceAgents
from speko_core.migration.readers.base import Detection, Reader, any_of, has
from speko_core.migration.rules import Rule, RuleTree, ignored, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults, take_template
from speko_core.types import JsonObject, JsonValue

_RULES = RuleTree(
    (
        *ignored(
            "Metadata of Telnyx' database.",
            "id",
            "created_at",
            "version_id",
            "version_name",
            "version_created_at",
            "import_metadata",
            "related_mission_ids",
        ),
        *unsupported(
            "A matter of the installation here, not of the agent.",
            "privacy_settings",
            "messaging_settings",
            "enabled_features",
            "widget_settings",
            "observability_settings",
            "insight_settings",
        ),
        *unsupported("A setting of that voice only.", "voice_settings"),
        Rule("description", "unsupported", "", "description"),
        Rule("llm_api_key_ref", "needs_input", "Refers to a key stored at Telnyx."),
        Rule("dynamic_variables_webhook_url", "needs_input", "A webhook that fills variables before a call."),
        Rule("telephony_settings.default_texml_app_id", "needs_input", "", "telephony.numbers"),
        Rule("telephony_settings", "unsupported", "A setting of the phone line."),
        Rule("transcription", "approximated", "The recognizer has fewer settings here.", "stt.preference"),
        Rule("telephony_settings.noise_suppression", "approximated", "", "turn.noiseCancellation"),
        Rule("mcp_servers", "needs_input", "", "mcpServers"),
    )
)
_UNMAPPABLE = {
    "handoff": "Another assistant by id; migrate that assistant too.",
    "retrieval": "The documents are not in the file: upload them to the knowledge base.",
    "send_dtmf": "Digits cannot be pressed by the agent here.",
    "send_message": "Text messages are not sent by the agent here.",
    "book_appointment": "An action in a calendar; install that integration here.",
    "check_availability": "An action in a calendar; install that integration here.",
    "mcp": "Add the MCP server to the agent: docs/mcp-servers.md.",
    "refer": "A SIP REFER; add the address as a destination of transfer_call.",
}


def detect(document: JsonValue) -> Detection | None:
    """By instructions and a model beside Telnyx' own groups of settings."""
    groups = any_of(document, "voice_settings", "telephony_settings", "transcription", "dynamic_variables_webhook_url")
    if has(document, "instructions", "model") and groups and not has(document, "audio"):
        return Detection("telnyx", "assistant")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the assistant."""
    agent = Agent()
    node = source.root
    agent.name = node["name"].take_text("name")
    agent.prompt = take_template(agent, node["instructions"], "prompt") or ""
    agent.first_message.text = take_template(agent, node["greeting"], "firstMessage.text")
    agent.first_message.mode = "say" if agent.first_message.text else "generate"
    _models(agent, node)
    take_defaults(agent, node["dynamic_variables"])
    phone = node["telephony_settings"]
    agent.limits.max_duration_s = phone["time_limit_secs"].take_number("limits.maxDurationS")
    idle = phone["user_idle_timeout_secs"].take_number("limits.silenceEndS")
    agent.limits.silence_end_s = idle
    phone["noise_suppression"].take_text("turn.noiseCancellation")
    for item in node["tools"].items():
        _tool(agent, item)
    node.apply(_RULES)
    return VoiceAgents(platform="telnyx", kind=detection.kind, agents=[agent])


def _models(agent: Agent, node: Node) -> None:
    named = vendors.split_entry(node["model"].text or "")
    agent.llm.model, agent.llm.provider = named.model or None, named.provider
    node["model"].take_text("llm.model")
    heard = node["transcription"]
    recognizer = vendors.split_entry(heard["model"].text or "")
    if recognizer.model:
        agent.stt.model, agent.stt.provider = recognizer.model, recognizer.provider
        heard["model"].take_text("stt.model")
    languages.take_language(agent, heard["language"])
    voice = node.at("voice_settings", "voice")
    head, _, rest = (voice.text or "").partition(".")
    house = vendors.vendor(head)
    if house in vendors.HOUSE:
        agent.voice.name = voice.text
        voice.approximated(vendors.HOUSE_VOICE, "voice.name")
    elif voice.text:
        model, _, name = rest.rpartition(".")
        agent.voice.provider, agent.voice.model, agent.voice.id = house, model or None, name or None
        voice.take_text("voice.id")
    agent.voice.speed = node.at("voice_settings", "voice_speed").take_number("voice.speed")


def _tool(agent: Agent, item: Node) -> None:
    kind = item["type"].text or ""
    body = item[kind] if item[kind].is_object else item
    if kind in ("webhook", "function"):
        tools.add_tool(agent, _webhook(body))
    elif kind == "hangup":
        tools.end_call(agent, body["description"].take_text("tools.description") or "")
    elif kind == "transfer":
        for target in body["targets"].items():
            to = target["to"].take_text("transfers.to") or ""
            agent.transfers.append(Transfer(to=to, description=target["name"].take_text("transfers.description") or ""))
        body.mark("approximated", "A detail of that transfer.", "transfers")
    else:
        reason = _UNMAPPABLE.get(kind, "Not a kind of tool of Telnyx.")
        tools.add_tool(agent, Tool(name=tools.tool_name(body["name"].text or kind), unmappable=reason))
        item.mark("unsupported", reason)
    item["type"].mark("mapped", target="tools.kind")


def _webhook(body: Node) -> Tool:
    properties: JsonObject = {}
    required: list[JsonValue] = []
    for place in ("path_parameters", "query_parameters", "body_parameters"):
        schema = tools.take_schema(body[place])
        listed, needed = schema.get("properties"), schema.get("required")
        properties.update(listed if isinstance(listed, dict) else {})
        required += needed if isinstance(needed, list) else []
    in_query = body.at("query_parameters", "properties")
    timeout = body["timeout_ms"].take_number("tools.timeoutMs")
    parameters: JsonObject = {"type": "object", "properties": properties}
    if required:
        parameters["required"] = required
    return Tool(
        name=tools.take_name(body["name"], "webhook"),
        description=body["description"].take_text("tools.description") or "",
        parameters=parameters,
        kind="webhook",
        endpoint=Endpoint(
            url=body["url"].take_text("tools.url") or "",
            method=(body["method"].take_text("tools.method") or "POST").upper(),
            headers=tools.take_headers(body["headers"]),
            query={name: "{{" + name + "}}" for name, _ in in_query.fields()},
            timeout_ms=int(timeout) if timeout else None,
            payload_format="telnyx",
        ),
    )


READER = Reader("telnyx", "Telnyx AI Assistants", detect, read)
