"""ElevenLabs agents: the files of its command line and the answers of its API."""

from speko_core.migration import languages, tools, vendors
from speko_core.migration.neutral import (
    Agent,
    Criterion,
    Extraction,
    Knowledge,
    Model,
    VoiceAgents,
)
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows
from speko_core.migration.readers.elevenlabs_rules import RULES
from speko_core.migration.readers.elevenlabs_tools import read_builtins, read_tools
from speko_core.migration.readers.elevenlabs_workflow import read_workflow
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults, take_template
from speko_core.types import JsonValue


def detect(document: JsonValue) -> Detection | None:
    """By `conversation_config`; a list of agents or tools of the command line is named as such."""
    config = part(document, "conversation_config")
    if isinstance(config, dict) and any_of(config, "agent", "tts", "asr", "turn", "conversation"):
        return Detection("elevenlabs", "agent")
    if has(document, "type", "name") and has(part(document, "api_schema"), "url"):
        return Detection("elevenlabs", "tool")
    entries = rows(part(document, "agents")) or rows(part(document, "tools"))
    if entries and all(has(entry, "config") and isinstance(entry["config"], str) for entry in entries):
        return Detection("elevenlabs", "index", "A list of files of ElevenLabs' command line; give the files it names.")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read an agent or a stored tool."""
    agent = Agent()
    if detection.kind == "tool":
        read_tools(agent, [source.root])
        agent.name = agent.tools[0].name if agent.tools else None
        return VoiceAgents(platform="elevenlabs", kind="tool", agents=[agent])
    root = source.root
    agent.name = root["name"].take_text("name")
    config = root["conversation_config"]
    _agent(agent, config["agent"])
    _speech(agent, config)
    _turn(agent, config)
    _presets(agent, config["language_presets"])
    settings = root["platform_settings"]
    _analysis(agent, settings)
    read_workflow(agent, root["workflow"])
    root.apply(RULES)
    return VoiceAgents(platform="elevenlabs", kind="agent", agents=[agent])


def _agent(agent: Agent, node: Node) -> None:
    first = node["first_message"]
    agent.first_message.text = take_template(agent, first, "firstMessage.text")
    agent.first_message.mode = "say" if agent.first_message.text else "wait"
    if first.json == "":
        first.mark("mapped", "Empty: the caller speaks first.", "firstMessage.mode")
    disabled = node["disable_first_message_interruptions"].take_flag("firstMessage.interruptible")
    agent.first_message.interruptible = None if disabled is None else not disabled
    languages.take_language(agent, node["language"])
    take_defaults(agent, node.at("dynamic_variables", "dynamic_variable_placeholders"))
    prompt = node["prompt"]
    agent.prompt = take_template(agent, prompt["prompt"], "prompt") or ""
    _model(agent, prompt)
    read_tools(agent, prompt["tools"].items())
    read_builtins(agent, prompt["built_in_tools"])
    for item in prompt["knowledge_base"].items():
        agent.knowledge.append(Knowledge(name=item["name"].text or "document", reference=item["id"].text))
        item.mark("needs_input", "", "knowledge")


def _model(agent: Agent, prompt: Node) -> None:
    model = prompt["llm"]
    if model.text == "custom-llm":
        model.mark("needs_input", "Add this language model as a provider of your own.", "llm.provider")
        prompt["custom_llm"].mark("needs_input", "Your own language model's address.", "llm.endpoint")
    else:
        vendors.take_llm(agent, prompt["llm_provider"], model)
    agent.llm.temperature = prompt["temperature"].take_number("llm.temperature")
    tokens = prompt["max_tokens"]
    if isinstance(tokens.json, int) and tokens.json <= 0:
        tokens.mark("mapped", "No limit.", "llm.maxTokens")
    else:
        number = tokens.take_number("llm.maxTokens")
        agent.llm.max_tokens = int(number) if number else None
    for name in prompt.at("backup_llm_config", "order").take_texts("llm.fallbacks"):
        agent.llm.fallbacks.append(Model(provider=vendors.vendor_of_model(name), model=name))


def _speech(agent: Agent, config: Node) -> None:
    tts, asr = config["tts"], config["asr"]
    agent.voice.id = tts["voice_id"].take_text("voice.id")
    agent.voice.model = tts["model_id"].take_text("voice.model")
    agent.voice.provider = "elevenlabs" if agent.voice.id or agent.voice.model else None
    agent.voice.speed = tts["speed"].take_number("voice.speed")
    _sample_rate(agent, tts["agent_output_audio_format"])
    for item in tts["supported_voices"].items():
        languages.take_language(agent, item["language"])
        item.mark("approximated", "One agent speaks with one voice here.", "voice.options")
    agent.stt.keywords.extend(asr["keywords"].take_texts("stt.keywords"))
    provider = asr["provider"]
    if provider.text:
        agent.stt.provider = "elevenlabs"
        provider.mark("mapped" if provider.text == "elevenlabs" else "approximated", "", "stt.provider")


def _sample_rate(agent: Agent, node: Node) -> None:
    form, _, rate = (node.text or "").partition("_")
    if form == "pcm" and rate.isdigit():
        node.take_text("voice.sampleRate")
        agent.voice.sample_rate = int(rate)
    else:
        node.mark("approximated", "The phone line decides the encoding.", "voice.sampleRate")


def _turn(agent: Agent, config: Node) -> None:
    turn, conversation = config["turn"], config["conversation"]
    timeout = turn["turn_timeout"].take_number("idle.afterSeconds", reason="Silence until the agent speaks again.")
    agent.idle.after_seconds = timeout if timeout and timeout > 0 else None
    silence = turn["silence_end_call_timeout"]
    if isinstance(silence.json, int | float) and silence.json < 0:
        silence.mark("mapped", "Off.", "limits.silenceEndS")
    else:
        agent.limits.silence_end_s = silence.take_number("limits.silenceEndS")
    agent.limits.max_duration_s = conversation["max_duration_seconds"].take_number("limits.maxDurationS")
    sound = conversation["background_sound"]
    agent.background.source = sound.take_text("background.source") if sound.text else None


def _presets(agent: Agent, node: Node) -> None:
    for language, preset in node.fields():
        other = languages.tag(language)
        if other and other != agent.language.primary:
            agent.language.others.append(other)
        preset.mark("approximated", "", "language.others")


def _analysis(agent: Agent, settings: Node) -> None:
    for name, item in settings["data_collection"].fields():
        plain = tools.field_name(name)
        options = [text for text in (choice.text for choice in item["enum"].items()) if text]
        agent.extraction.append(
            Extraction(
                name=plain,
                type=tools.extraction_type(item["type"].json, bool(options)),
                description=(item["description"].text or plain)[:10_000],
                options=options,
            )
        )
        for key in ("type", "description", "enum"):
            item[key].mark("mapped", target="extraction")
        for key in ("dynamic_variable", "constant_value"):
            if item[key].text:
                item[key].mark("unsupported", "Only values found in the call are extracted.")
    for item in settings.at("evaluation", "criteria").items():
        goal = next(
            (
                item[key]
                for key in ("conversation_goal_prompt", "conversationGoalPrompt", "description")
                if item[key].text
            ),
            None,
        )
        if goal is not None:
            agent.evals.append(
                Criterion(name=item["name"].text or item["id"].text or "criterion", goal=goal.text or "")
            )
        item.mark("approximated", "", "evals")


READER = Reader("elevenlabs", "ElevenLabs Agents", detect, read)
