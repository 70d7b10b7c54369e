"""Retell: agent, LLM and conversation flow, alone, joined in one file, exported from the dashboard, or across files."""

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import Agent, Extraction, Llm, Model, Tool, VoiceAgents, Webhook
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows
from speko_core.migration.readers.retell_flow import read_flow, read_states
from speko_core.migration.readers.retell_rules import AGENT_RULES, LLM_RULES, near_miss
from speko_core.migration.readers.retell_tools import read_tools
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults, take_template
from speko_core.types import JsonValue

_AGENT_KEYS = ("agent", "retell_agent")
_LLM_KEYS = ("llm", "retellLlmData", "retell_llm", "retellLlm", "retell_llm_data", "response_engine_config")
_FLOW_KEYS = ("conversationFlow", "conversation_flow")
_VOICE_HEADS = ("11labs", "openai", "cartesia", "minimax", "fish_audio", "inworld", "retell", "deepgram", "play")
_SKETCH = "Not a field of Retell's schema; read as meant."
_PRESETS = ("call_summary", "call_successful", "user_sentiment", "system-presets")


def detect(document: JsonValue) -> Detection | None:
    """By the engine of an agent, the prompt of an LLM, or the nodes of a flow."""
    nested = [part(document, key) for key in (*_LLM_KEYS, *_FLOW_KEYS, *_AGENT_KEYS)]
    if any(_is_llm(item) or _is_flow(item) or _is_agent(item) for item in nested):
        return Detection("retell", "bundle")
    if _is_agent(document):
        return Detection("retell", "agent")
    if _is_llm(document):
        return Detection("retell", "llm")
    if _is_flow(document):
        return Detection("retell", "conversation_flow")
    if has(document, "agent_name", "voice_id"):
        named = str(part(document, "voice_id")).partition("-")[0] in _VOICE_HEADS
        if named and any_of(document, "system_prompt", "prompt", "general_prompt"):
            return Detection("retell", "sketch")
        return near_miss("Has a name and a voice as Retell agents do, and no `response_engine` and no prompt.")
    return None


def _is_agent(document: JsonValue) -> bool:
    engine = part(document, "response_engine")
    return isinstance(engine, dict) and any_of(engine, "type", "llm_id", "conversation_flow_id", "llm_websocket_url")


def _is_llm(document: JsonValue) -> bool:
    if any_of(document, "general_prompt", "general_tools") and not has(document, "nodes"):
        return True
    return has(document, "states", "starting_state") and not has(document, "nodes")


def _is_flow(document: JsonValue) -> bool:
    nodes = rows(part(document, "nodes"))
    if not nodes or not all(has(node, "id", "type") for node in nodes):
        return False
    named = any_of(document, "start_node_id", "conversation_flow_id", "global_prompt", "start_speaker", "model_choice")
    return named and any(any_of(node, "instruction", "edges", "else_edge", "edge") for node in nodes)


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read the parts that are there into one agent."""
    agent = Agent()
    root = source.root
    if detection.kind == "bundle":
        _bundle(agent, root)
    elif detection.kind == "sketch":
        _sketch(agent, root)
    else:
        {"agent": _agent, "llm": _llm, "conversation_flow": read_flow}[detection.kind](agent, root)
    warnings = [] if agent.prompt or agent.graph else ["The prompt is in the engine's own file; export that file too."]
    return VoiceAgents(platform="retell", kind=detection.kind, agents=[agent], warnings=warnings)


def _bundle(agent: Agent, root: Node) -> None:
    if any(root[key].is_object for key in (*_LLM_KEYS, *_FLOW_KEYS)):
        for place in (root, *(root[key] for key in _AGENT_KEYS)):
            place["response_engine"].mark("ignored", "Names the engine that is read beside it.")
    for key in _AGENT_KEYS:
        if root[key].is_object:
            _agent(agent, root[key])
    for key in _LLM_KEYS:
        if root[key].is_object:
            _llm(agent, root[key])
    for key in _FLOW_KEYS:
        if root[key].is_object:
            read_flow(agent, root[key])
    if _is_agent(root.json) or root["agent_name"] or root["voice_id"]:
        _agent(agent, root)


def _sketch(agent: Agent, root: Node) -> None:
    """A file somebody wrote by hand after Retell's words; Retell itself would not take it."""
    for key in ("system_prompt", "prompt", "general_prompt"):
        agent.prompt = agent.prompt or take_template(agent, root[key], "prompt") or ""
        root[key].revise(_SKETCH)
    for key in ("llm_model", "model"):
        vendors.take_llm(agent, root["llm_provider"], root[key])
        root[key].revise(_SKETCH)
    for item in [*root["functions"].items(), *root["tools"].items()]:
        tool = Tool(
            name=tools.take_name(item["name"], "function"),
            description=item["description"].take_text("tools.description") or "",
            parameters=tools.take_schema(item["parameters"]),
        )
        tools.add_tool(agent, tool)
        item.revise(_SKETCH)
    _agent(agent, root)


def _agent(agent: Agent, node: Node) -> None:
    agent.name = node["agent_name"].take_text("name") or agent.name
    languages.take_language(agent, node["language"])
    _voice(agent, node)
    _recognition(agent, node)
    _timing(agent, node)
    _voicemail(agent, node)
    for item in node["pronunciation_dictionary"].items():
        word, phoneme = item["word"].text, item["phoneme"].text
        if word and phoneme and item["alphabet"].text in ("ipa", "cmu", None):
            item.mark("mapped", target="speech.pronunciations")
            agent.pronunciations[word] = phoneme
        else:
            item.mark("unsupported", "Pronunciations are given in IPA or CMU here.")
    for item in node["post_call_analysis_data"].items():
        _extraction(agent, item)
    url = node["webhook_url"].take_text("webhooks.url")
    if url:
        events = [item.text or "" for item in node["webhook_events"].items()]
        agent.webhooks.append(Webhook(event="post_call", url=url, events=events))
    node.apply(AGENT_RULES)


def _voice(agent: Agent, node: Node) -> None:
    voice = node["voice_id"]
    if voice.text:
        head, dash, name = voice.text.partition("-")
        provider = vendors.vendor(head) if dash else None
        if provider and provider not in vendors.HOUSE | vendors.GONE and not voice.text.startswith("custom_voice"):
            agent.voice.provider, agent.voice.name = provider, name
            voice.approximated(
                "Retell's own name of that vendor's voice; choose its id with list_voices.", "voice.provider"
            )
        else:
            voice.approximated(vendors.HOUSE_VOICE, "voice.name")
    model = node["voice_model"]
    agent.voice.model = model.take_text("voice.model")
    agent.voice.provider = agent.voice.provider or vendors.vendor_of_model(agent.voice.model)
    for item in node["fallback_voice_ids"].items():
        provider = vendors.vendor((item.text or "").partition("-")[0])
        item.take_text("voice.fallbacks")
        if provider and provider not in vendors.HOUSE | vendors.GONE:
            agent.voice.fallbacks.append(Model(provider=provider))
    agent.voice.speed = node["voice_speed"].take_number("voice.speed")
    sound = node["ambient_sound"]
    agent.background.source = sound.take_text("background.source")
    agent.background.volume = node["ambient_sound_volume"].take_number("background.volume")


def _recognition(agent: Agent, node: Node) -> None:
    agent.stt.keywords.extend(node["boosted_keywords"].take_texts("stt.keywords"))
    mode = node["stt_mode"]
    if mode.text in ("fast", "accurate"):
        agent.stt.preference = "latency" if mode.text == "fast" else "quality"
        mode.approximated("A preference of the router, for every layer.", "stt.preference")
    else:
        mode.mark("approximated", "Decided by the custom settings beside it.", "stt.provider")
    custom = node["custom_stt_config"]
    vendors.take_stt(agent, custom["provider"], custom["model"])
    agent.turn.min_endpointing_s = custom["endpointing_ms"].take_number("turn.minEndpointingS", factor=0.001)


def _timing(agent: Agent, node: Node) -> None:
    agent.idle.after_seconds = node["reminder_trigger_ms"].take_number("idle.afterSeconds", factor=0.001)
    count = node["reminder_max_count"].take_number("idle.maxCount")
    agent.idle.max_count = int(count) if count is not None else None
    agent.limits.silence_end_s = node["end_call_after_silence_ms"].take_number("limits.silenceEndS", factor=0.001)
    agent.limits.max_duration_s = node["max_call_duration_ms"].take_number("limits.maxDurationS", factor=0.001)
    node["denoising_mode"].mark("approximated", "", "turn.noiseCancellation")


def _voicemail(agent: Agent, node: Node) -> None:
    option = node["voicemail_option"]
    action = option["action"]
    if option.is_object:
        agent.voicemail.mode = "agent"
        agent.voicemail.message = take_template(agent, action["text"], "voicemail.message")
        option.mark("approximated", "Detection has a mode and a message here.", "voicemail.mode")
    legacy = node["enable_voicemail_detection"].take_flag("voicemail.mode")
    if legacy is not None:
        agent.voicemail.mode = "agent" if legacy else "disabled"
    message = take_template(agent, node["voicemail_message"], "voicemail.message")
    agent.voicemail.message = agent.voicemail.message or message
    timeout = node["voicemail_detection_timeout_ms"].take_number("voicemail.timeoutS", factor=0.001)
    agent.voicemail.timeout_s = timeout


def _extraction(agent: Agent, item: Node) -> None:
    kind, name = item["type"].text or "string", item["name"].text
    if kind in _PRESETS or name in _PRESETS:
        item.approximated("Every report has a summary, an outcome and a sentiment.", "extraction")
        return
    options = [text for text in (choice.text for choice in item["choices"].items()) if text]
    plain = tools.field_name(name)
    agent.extraction.append(
        Extraction(
            name=plain,
            type=tools.extraction_type(kind, bool(options) and kind == "enum"),
            description=(item["description"].text or plain)[:10_000],
            options=options if kind == "enum" else [],
        )
    )
    for key in ("type", "description", "choices"):
        item[key].mark("mapped", target="extraction")
    item["name"].mark(
        "mapped" if plain == name else "approximated", "" if plain == name else f"Named {plain} here.", "extraction"
    )
    item.mark("approximated", "Examples and conditions belong into the description.", "extraction")


def _llm(agent: Agent, node: Node) -> None:
    agent.prompt = take_template(agent, node["general_prompt"], "prompt") or ""
    config = node["model_config"]
    model = node["s2s_model"] if node["s2s_model"].text else node["model"]
    if config.at("primary", "model").text:
        vendors.take_llm(agent, config["provider"], config.at("primary", "model"))
        model.mark("ignored", "Superseded by model_config.")
    else:
        vendors.take_llm(agent, node["model_provider"], model)
    _options(agent.llm, node)
    backup = config.at("backup", "model").take_text("llm.fallbacks")
    if backup:
        agent.llm.fallbacks.append(Model(provider=vendors.vendor_of_model(backup), model=backup))
    begin = node["begin_message"]
    speaker = node["start_speaker"].take_text("firstMessage.mode")
    agent.first_message.text = take_template(agent, begin, "firstMessage.text")
    waits = speaker == "user" or (begin.json == "" and speaker is None)
    if begin.json == "":
        begin.mark("mapped", "Empty: the caller speaks first.", "firstMessage.mode")
    agent.first_message.mode = "wait" if waits else ("say" if agent.first_message.text else "generate")
    take_defaults(agent, node["default_dynamic_variables"])
    read_tools(agent, node["general_tools"].items())
    read_states(agent, node)
    node["knowledge_base_ids"].mark("needs_input", "", "knowledge")
    node["mcps"].mark("needs_input", "", "mcpServers")
    node.apply(LLM_RULES)


def _options(llm: Llm, node: Node) -> None:
    temperature = node["model_temperature"].take_number("llm.temperature")
    # Retell's documented default; an export may leave it out.
    llm.temperature = 0.0 if temperature is None else temperature


READER = Reader("retell", "Retell", detect, read)
