"""One neutral agent as the body of `POST /v1/agents`. Whatever the limits of that request take away is a warning."""

from collections.abc import Sequence
from typing import TypeVar

from speko_core.agents import config
from speko_core.agents.schemas import MAX_EXTRACTION_TEXT, AgentCreate
from speko_core.migration import languages
from speko_core.migration.build import BuildOptions
from speko_core.migration.emit_stack import stack_of, voice_of
from speko_core.migration.neutral import Agent
from speko_core.types import JsonObject, JsonValue

MAX_PROMPT = 100_000
_CLIPS: dict[str, config.Clip] = {
    "office": "office-ambience", "call-center": "office-ambience", "call_center": "office-ambience",
    "call-centre": "office-ambience", "cafe": "crowded-room", "coffee-shop": "crowded-room",
    "restaurant": "crowded-room", "convention-hall": "crowded-room", "summer-outdoor": "forest-ambience",
    "mountain-outdoor": "forest-ambience", "city": "city-ambience", "street": "city-ambience",
    "keyboard": "keyboard-typing",
}  # fmt: skip
_SILENT = frozenset({"off", "none", "default", "false", "static-noise"})
_STILL_THERE = {
    "en": "Are you still there?", "es": "¿Sigue ahí?", "fr": "Vous êtes toujours là ?", "de": "Sind Sie noch da?",
    "it": "È ancora in linea?", "pt": "Ainda está aí?", "nl": "Bent u er nog?", "pl": "Czy nadal Pan/Pani tam jest?",
    "hi": "क्या आप अभी भी वहाँ हैं?", "ja": "まだつながっていますか？",
}  # fmt: skip
T = TypeVar("T")


def agent_payload(agent: Agent, prompt: str, options: BuildOptions, warnings: list[str]) -> JsonObject:
    """The body, valid by the request's own model."""
    language = languages.tag(options.language) or agent.language.primary
    if language is None:
        warnings.append(f"The source names no language; {languages.DEFAULT} is assumed.")
    payload: dict[str, object] = {
        "name": (options.name or agent.name or "Imported agent").strip()[:200] or "Imported agent",
        "systemPrompt": _cut(prompt, MAX_PROMPT, "The prompt", warnings),
        "intent": _intent(agent, language or languages.DEFAULT),
        "firstMessageMode": agent.first_message.mode or ("say" if agent.first_message.text else "wait"),
        "firstMessage": _cut(agent.first_message.text or "", 10_000, "The first message", warnings) or None,
        "llmOptions": _llm(agent, options, warnings),
        "stackPreferences": stack_of(agent, options, warnings),
        "voice": voice_of(agent, options),
        "sttOptions": _stt(agent, warnings),
        "ttsOptions": _tts(agent, warnings),
        "idleReprompt": _idle(agent, language or languages.DEFAULT, warnings),
        "backgroundAudio": _background(agent, warnings),
        "speechNormalization": _speech(agent, warnings),
        "extractionFields": _extraction(agent, warnings),
        "promptVariables": _variables(agent, warnings),
    }
    given = {name: value for name, value in payload.items() if value not in (None, {}, [])}
    return AgentCreate.model_validate(given).model_dump(mode="json", by_alias=True, exclude_none=True)


def _intent(agent: Agent, language: str) -> JsonObject:
    intent: JsonObject = {"language": language}
    if agent.stt.preference:
        intent["optimizeFor"] = agent.stt.preference
    return intent


def _cut(text: str, limit: int, what: str, warnings: list[str]) -> str:
    if len(text) > limit:
        warnings.append(f"{what} is longer than {limit:,} characters and was cut.")
    return text[:limit]


def first(items: Sequence[T], limit: int, what: str, warnings: list[str]) -> list[T]:
    """The first items that fit, with a warning about the rest."""
    if len(items) > limit:
        warnings.append(f"Only the first {limit} of {len(items)} {what} are kept.")
    return list(items[:limit])


def _clamp(value: float | None, low: float, high: float, what: str, warnings: list[str]) -> float | None:
    if value is None:
        return None
    kept = min(max(value, low), high)
    if kept != value:
        warnings.append(f"{what} was {value:g} and is {kept:g}, the nearest allowed value.")
    return kept


def _llm(agent: Agent, options: BuildOptions, warnings: list[str]) -> JsonObject:
    llm = agent.llm
    values: JsonObject = {}
    temperature = llm.temperature
    if agent.s2s is not None and agent.s2s.temperature is not None:
        temperature = agent.s2s.temperature
    temperature = _clamp(temperature, 0, 2, "The temperature", warnings)
    if temperature is not None:
        values["temperature"] = temperature
    if llm.max_tokens is not None and llm.max_tokens >= 1:
        values["maxTokens"] = llm.max_tokens
    pinned = options.providers == "keep" and (options.served is None or f"llm:{llm.entry}" in options.served)
    if llm.model and len(llm.model) <= 120 and pinned:
        values["model"] = llm.model
    return values


def _stt(agent: Agent, warnings: list[str]) -> JsonObject:
    words = [word.strip()[:100] for word in agent.stt.keywords if word.strip()]
    values: JsonObject = {}
    if words:
        values["keywords"] = list(first(list(dict.fromkeys(words)), 100, "keywords", warnings))
    if agent.stt.prompt:
        values["prompt"] = agent.stt.prompt[:2000]
    return values


def _tts(agent: Agent, warnings: list[str]) -> JsonObject:
    values: JsonObject = {}
    speed = _clamp(agent.voice.speed, 0.5, 2, "The speed of the voice", warnings)
    if speed is not None:
        values["speed"] = speed
    if agent.voice.sample_rate and agent.voice.sample_rate > 0:
        values["sampleRate"] = agent.voice.sample_rate
    return values


def _idle(agent: Agent, language: str, warnings: list[str]) -> JsonObject | None:
    idle, silence = agent.idle, agent.limits.silence_end_s
    if idle.after_seconds is None and silence is None and not idle.prompts:
        return None
    prompts = [text.strip()[:1000] for text in idle.prompts if text.strip()]
    if prompts and idle.max_count and idle.max_count > len(prompts):
        prompts = (prompts * min(idle.max_count, 10))[: min(idle.max_count, 10)]
    if not prompts and idle.after_seconds is not None and idle.max_count != 0:
        spoken = _STILL_THERE.get(language.partition("-")[0])
        if spoken is None:
            warnings.append("Write what the agent says when nobody speaks: idleReprompt.prompts.")
            return None
        prompts = [spoken] * min(idle.max_count or 1, 10)
        warnings.append("The words of the idle prompts are new; the source left them to its model.")
    after = _clamp(idle.after_seconds or silence or 15.0, 3, 300, "The pause before an idle prompt", warnings)
    return {"afterSeconds": after, "prompts": list(first(prompts, 10, "idle prompts", warnings))}


def _background(agent: Agent, warnings: list[str]) -> JsonObject | None:
    name = (agent.background.source or "").strip().lower()
    if not name or name in _SILENT:
        return None
    clip = _CLIPS.get(name)
    if clip is None:
        warnings.append("The background sound is a file of its own; upload it and set backgroundAudio.ambient.soundId.")
        return None
    volume = _clamp(agent.background.volume, 0, 16, "The volume of the background", warnings)
    return {"ambient": {"clip": clip, **({"volume": volume} if volume is not None else {})}}


def _speech(agent: Agent, warnings: list[str]) -> JsonObject:
    values: JsonObject = {}
    for name, pairs in (("pronunciationDictionary", agent.pronunciations), ("textReplacements", agent.replacements)):
        if pairs:
            values[name] = dict(first(list(pairs.items()), 500, "replacements", warnings))
    return values


def _extraction(agent: Agent, warnings: list[str]) -> list[JsonValue]:
    fields: list[JsonValue] = []
    taken: set[str] = set()
    budget = MAX_EXTRACTION_TEXT
    for item in agent.extraction:
        name, count = item.name[:60] or "field", 2
        while name in taken:
            name, count = f"{item.name[:57]}_{count}", count + 1
        taken.add(name)
        description = (item.description or name)[: min(10_000, max(budget, 1))]
        budget -= len(description)
        options = [option[:120] for option in item.options][:50]
        kind = "string" if item.type == "enum" and not options else item.type
        field: JsonObject = {"name": name, "type": kind, "description": description}
        if kind == "enum":
            field["options"] = list(options)
        if budget >= 0:
            fields.append(field)
    if len(fields) < len(agent.extraction):
        warnings.append("The descriptions of the extraction fields are too long together; some fields were left out.")
    return first(fields, 100, "extraction fields", warnings)


def _variables(agent: Agent, warnings: list[str]) -> list[JsonValue]:
    variables: list[JsonValue] = []
    for item in agent.variables:
        if item.name.startswith("system."):
            continue
        entry: JsonObject = {"name": item.name}
        if item.default is not None:
            entry["defaultValue"] = item.default[:4000]
        if item.description:
            entry["description"] = item.description[:1000]
        variables.append(entry)
    return first(variables, 100, "variables", warnings)
