"""Ultravox: a call or an agent with its call template."""

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import Agent, Endpoint, Speech2Speech, Tool, VoiceAgents, Webhook
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows, words
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_template
from speko_core.types import JsonObject, JsonValue

_MARKS = words(
    """externalVoice languageHint firstSpeaker firstSpeakerSettings inactivityMessages timeExceededMessage vadSettings
    selectedTools joinTimeout maxDuration recordingEnabled dataConnection initialOutputMedium contextSchema"""
)
_RULES = RuleTree(
    (
        *ignored(
            "Metadata of Ultravox' database.",
            "agentId",
            "callId",
            "created",
            "publishedRevisionId",
            "statistics",
            "clientVersion",
            "joinUrl",
            "ended",
            "endReason",
        ),
        *unsupported(
            "A matter of the call, not of the agent.",
            "medium",
            "joinTimeout",
            "initialMessages",
            "initialState",
            "dataConnection",
            "initialOutputMedium",
            "priorCallId",
            "experimentalSettings",
            "enableGreetingPrompt",
        ),
        *unsupported("Recording is set for the installation here.", "recordingEnabled", "transcriptOptional"),
        *unsupported("Variables are texts without a schema here.", "contextSchema"),
        *needs_input("Refers to something stored at Ultravox; export it too.", "corpusId"),
        *unsupported("A setting of that voice only.", "externalVoice", "voiceOverrides"),
        Rule("vadSettings", "approximated", "", "turn.sensitivity"),
        Rule("firstSpeakerSettings", "approximated", "A detail of who speaks first.", "firstMessage.mode"),
        Rule("timeExceededMessage", "unsupported", "A call that is over its time ends without a sentence."),
    )
)
_BUILTINS = {
    "hangUp": "end_call",
    "queryCorpus": "search_knowledge_base",
    "coldTransfer": "transfer",
    "warmTransfer": "transfer",
}
_OTHER_BUILTINS = {
    "leaveVoicemail": "Leaving a message is part of voicemail handling here, not a tool.",
    "playDtmfSounds": "Digits cannot be pressed by the agent here.",
}


def detect(document: JsonValue) -> Detection | None:
    """By a system prompt beside fields that only Ultravox has, or a call template."""
    template = part(document, "callTemplate")
    if isinstance(template, dict) and any_of(template, "systemPrompt", "selectedTools", "voice", "model"):
        return Detection("ultravox", "agent")
    inner = part(document, "callConfig") if isinstance(part(document, "callConfig"), dict) else document
    marks = sum(key in _MARKS for key in inner) if isinstance(inner, dict) else 0
    if (
        has(inner, "systemPrompt")
        and (marks >= 1 or "ultravox" in str(part(inner, "model")))
        and not has(inner, "intent")
    ):
        return Detection("ultravox", "call")
    if rows(part(document, "selectedTools")) and any(
        has(row, "temporaryTool") for row in rows(part(document, "selectedTools"))
    ):
        return Detection("ultravox", "call")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the call or the template."""
    agent = Agent()
    root = source.root
    node = next((root[key] for key in ("callTemplate", "callConfig") if root[key].is_object), root)
    agent.name = root["name"].take_text("name") or node["name"].take_text("name") or root["title"].take_text("name")
    agent.prompt = take_template(agent, node["systemPrompt"], "prompt") or ""
    model = node["model"].take_text("s2s.model")
    agent.s2s = Speech2Speech(
        provider="ultravox", model=model, temperature=node["temperature"].take_number("s2s.temperature")
    )
    _voice(agent, node)
    languages.take_language(agent, node["languageHint"])
    _first(agent, node)
    _idle(agent, node)
    agent.limits.max_duration_s = _seconds(node["maxDuration"], "limits.maxDurationS")
    agent.turn.min_endpointing_s = _seconds(node.at("vadSettings", "turnEndpointDelay"), "turn.minEndpointingS")
    agent.turn.interruption_min_s = _seconds(
        node.at("vadSettings", "minimumInterruptionDuration"), "turn.interruptionMinS"
    )
    for item in node["selectedTools"].items():
        _tool(agent, item)
    for event, item in node["callbacks"].fields():
        url = item["url"].take_text("webhooks.url")
        if url:
            agent.webhooks.append(
                Webhook(event="post_call" if event in ("ended", "billed") else "status", url=url, events=[event])
            )
    agent.metadata.update({name: item.take("metadata") for name, item in node["metadata"].fields()})
    node.apply(_RULES)
    root.apply(_RULES)
    return VoiceAgents(platform="ultravox", kind=detection.kind, agents=[agent])


def _seconds(node: Node, target: str) -> float | None:
    text = node.text
    if text is None:
        return node.take_number(target)
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        node.mark("invalid", "Must be a duration such as 30s.")
        return None
    node.take_text(target)
    return seconds


def _voice(agent: Agent, node: Node) -> None:
    voice = node["voice"]
    if voice.text:
        agent.voice.name = voice.text
        voice.approximated("A voice of Ultravox; choose one here.", "voice.name")
    for name, item in node["externalVoice"].fields():
        provider = vendors.vendor(name)
        agent.voice.id = item["voiceId"].take_text("voice.id")
        agent.voice.model = item["model"].take_text("voice.model")
        agent.voice.provider = None if provider == "generic" else provider
        agent.voice.speed = item["speed"].take_number("voice.speed")


def _first(agent: Agent, node: Node) -> None:
    settings = node["firstSpeakerSettings"]
    legacy = node["firstSpeaker"].take_text("firstMessage.mode")
    agent.first_message.text = take_template(agent, settings.at("agent", "text"), "firstMessage.text")
    take_template(agent, settings.at("agent", "prompt"), "firstMessage.mode")
    if settings["agent"]:
        agent.first_message.mode = "say" if agent.first_message.text else "generate"
    elif settings["user"] or legacy in ("FIRST_SPEAKER_USER", "user"):
        agent.first_message.mode = "wait"
    else:
        agent.first_message.mode = "generate"
    uninterruptible = settings.at("agent", "uninterruptible").take_flag("firstMessage.interruptible")
    agent.first_message.interruptible = None if uninterruptible is None else not uninterruptible


def _idle(agent: Agent, node: Node) -> None:
    for item in node["inactivityMessages"].items():
        after = _seconds(item["duration"], "idle.afterSeconds")
        text = take_template(agent, item["message"], "idle.prompts")
        if text:
            agent.idle.prompts.append(text)
        if agent.idle.after_seconds is None:
            agent.idle.after_seconds = after
        elif after != agent.idle.after_seconds:
            item["duration"].revise("Prompts are spaced evenly here.")
        item["endBehavior"].mark("approximated", "The call ends after the last prompt here.", "idle.prompts")


def _tool(agent: Agent, item: Node) -> None:
    name = item["toolName"].text
    kind = _BUILTINS.get(name or "")
    if name is not None and (kind or name in _OTHER_BUILTINS):
        item["toolName"].mark("mapped", target="tools.name")
        _builtin(agent, item, name, kind)
    elif item["temporaryTool"]:
        _temporary(agent, item, item["temporaryTool"])
    else:
        reason = "A tool stored at Ultravox, by name or id; export it too."
        tools.add_tool(agent, Tool(name=tools.tool_name(name or "stored_tool"), unmappable=reason))
        item.mark("needs_input", reason)
    item["authTokens"].mark("needs_input", "Set the tool's headers anew.", "tools.secret")
    item["parameterOverrides"].mark("approximated", "Sent as constants.", "tools.constants")


def _builtin(agent: Agent, item: Node, name: str, kind: str | None) -> None:
    if kind == "end_call":
        tools.end_call(agent)
    elif kind == "search_knowledge_base":
        text = "Search the knowledge base."
        tools.add_tool(agent, Tool(name=kind, description=text, kind="builtin", builtin="search_knowledge_base"))
        item["parameterOverrides"].mark("needs_input", "", "knowledge")
    else:
        reason = _OTHER_BUILTINS.get(name, "Its destination is in the call's overrides; list it here.")
        tools.add_tool(agent, Tool(name=tools.tool_name(name), unmappable=reason))
        item["toolName"].revise(reason)


def _temporary(agent: Agent, item: Node, tool: Node) -> None:
    properties: JsonObject = {}
    required: list[JsonValue] = []
    for row in tool["dynamicParameters"].items():
        name = row["name"].text or "value"
        properties[name] = row["schema"].json or {}
        if row["required"].json is True:
            required.append(name)
        row.mark("mapped", target="tools.parameters")
    constants: JsonObject = {}
    query: JsonObject = {}
    for row in [*tool["dynamicParameters"].items(), *tool["staticParameters"].items()]:
        if row["location"].text == "PARAMETER_LOCATION_QUERY":
            query[row["name"].text or "value"] = "{{" + (row["name"].text or "value") + "}}"
    for row in tool["staticParameters"].items():
        constants[row["name"].text or "value"] = row["value"].json
        row.mark("mapped", target="tools.constants")
    tool["automaticParameters"].mark("approximated", "Ids of the call arrive in the headers here.", "tools.constants")
    parameters: JsonObject = {"type": "object", "properties": properties}
    if required:
        parameters["required"] = required
    http = tool["http"]
    timeout = _seconds(tool["timeout"], "tools.timeoutMs")
    endpoint = None
    if http["baseUrlPattern"].text:
        endpoint = Endpoint(
            url=http["baseUrlPattern"].take_text("tools.url") or "",
            method=(http["httpMethod"].take_text("tools.method") or "POST").upper(),
            constants=constants,
            query=query,
            timeout_ms=int(timeout * 1000) if timeout else None,
            payload_format="ultravox",
        )
    named = item["nameOverride"] if item["nameOverride"].text else tool["modelToolName"]
    made = Tool(
        name=tools.take_name(named, "tool"),
        description=tool["description"].take_text("tools.description")
        or item["descriptionOverride"].take_text("tools.description")
        or "",
        parameters=parameters,
        kind="webhook" if endpoint else "inline",
        endpoint=endpoint,
    )
    tool["requirements"].mark("needs_input", "Set the tool's headers anew.", "tools.secret")
    tool["client"].mark("mapped", target="tools.kind")
    tool["precomputable"].mark("ignored", "Tools are called when they are needed.")
    tools.add_tool(agent, made)


READER = Reader("ultravox", "Ultravox", detect, read)
