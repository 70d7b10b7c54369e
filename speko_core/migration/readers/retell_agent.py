"""The agent of Retell around its engine: voice, recognition, timing, voicemail, extraction."""

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import Agent, Extraction, Model, Webhook
from speko_core.migration.readers.retell_rules import AGENT_RULES
from speko_core.migration.source import Node
from speko_core.migration.variables import take_template

VOICE_HEADS = ("11labs", "openai", "cartesia", "minimax", "fish_audio", "inworld", "retell", "deepgram", "play")
_PRESETS = ("call_summary", "call_successful", "user_sentiment", "system-presets")


def read_agent(agent: Agent, node: Node) -> None:
    """Read everything of an agent but its engine."""
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
