"""Vapi: assistants with legacy keys, squads, stored tools; JSON, YAML, Markdown with front matter."""

from speko_core.migration import languages, vendors
from speko_core.migration.documents import BODY
from speko_core.migration.neutral import (
    Agent,
    Model,
    VoiceAgents,
)
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows
from speko_core.migration.readers.vapi_conduct import read_analysis, read_ending, read_turns, read_webhooks
from speko_core.migration.readers.vapi_rules import KNOWN, RULES, near_miss
from speko_core.migration.readers.vapi_squad import read_squad
from speko_core.migration.readers.vapi_tools import TOOL_TYPES, read_tools
from speko_core.migration.readers.vapi_workflow import is_workflow, read_workflow
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults, take_template
from speko_core.types import JsonValue

_MODES = {
    "assistant-speaks-first": "say",
    "assistant-speaks-first-with-model-generated-message": "generate",
    "assistant-waits-for-user": "wait",
}


def detect(document: JsonValue) -> Detection | None:
    """An assistant, a squad, a workflow or a stored tool, by structure."""
    members = rows(part(document, "members"))
    if members and all(any_of(member, "assistantId", "assistant") for member in members):
        return Detection("vapi", "squad")
    if is_workflow(document):
        return Detection("vapi", "workflow")
    if _is_assistant(document):
        return Detection("vapi", "assistant")
    if (
        has(document, "type", "function")
        and str(part(document, "type")) in TOOL_TYPES
        and has(part(document, "function"), "name")
    ):
        return Detection("vapi", "tool")
    if any_of(document, "firstMessageMode", "endCallPhrases", "serverMessages") and not has(document, "model"):
        return near_miss("Looks like a part of a Vapi assistant: there is no `model`.")
    return None


def _is_assistant(document: JsonValue) -> bool:
    if not has(document, "model") or any_of(document, "conversation_config", "agent_config", "response_engine"):
        return False
    model = part(document, "model")
    if not isinstance(model, dict) or not (any_of(model, "provider", "model", "messages", "systemPrompt")):
        return False
    return any_of(document, "firstMessage", "firstMessageMode", "transcriber", BODY) or (
        isinstance(part(document, "voice"), dict) and any_of(part(document, "voice"), "voiceId", "provider")
    )


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read whichever shape was detected."""
    if detection.kind == "squad":
        return read_squad(source, read_assistant)
    if detection.kind == "workflow":
        return read_workflow(source, read_assistant)
    agent = Agent()
    if detection.kind == "tool":
        read_tools(agent, [source.root], None)
        agent.name = agent.tools[0].name if agent.tools else "tool"
    else:
        read_assistant(agent, source.root)
    return VoiceAgents(platform="vapi", kind=detection.kind, agents=[agent])


def read_assistant(agent: Agent, node: Node) -> None:
    """One assistant, wherever it stands."""
    agent.name = node["name"].take_text("name") or agent.name
    _prompt(agent, node)
    _model(agent, node["model"])
    _voice(agent, node["voice"])
    _transcriber(agent, node["transcriber"])
    _first_message(agent, node)
    read_turns(agent, node)
    read_ending(agent, node)
    read_analysis(agent, node)
    read_webhooks(agent, node)
    take_defaults(agent, node["variableValues"])
    agent.metadata.update({name: item.take("metadata") for name, item in node["metadata"].fields()})
    read_tools(agent, node.at("model", "tools").items(), node["server"])
    misplaced = node["tools"].items()
    read_tools(agent, misplaced, node["server"])
    if misplaced:
        node["tools"].revise("Vapi drops tools at the top level; they belong in model.tools and are read as if there.")
    node.apply(RULES)


def _prompt(agent: Agent, node: Node) -> None:
    parts = []
    for message in node.at("model", "messages").items():
        if message["role"].text == "system":
            message["role"].mark("mapped", target="prompt")
            parts.append(take_template(agent, message["content"], "prompt") or "")
        else:
            message.mark("approximated", "Only the system message is a prompt; examples belong into it.", "prompt")
    for legacy in (node.at("model", "systemPrompt"), node[BODY]):
        parts.append(take_template(agent, legacy, "prompt") or "")
    agent.prompt = "\n\n".join(part for part in parts if part)


def _model(agent: Agent, model: Node) -> None:
    vendors.take_llm(agent, model["provider"], model["model"])
    model["url"].mark("needs_input", "Your own language model's address.", "llm.endpoint")
    agent.llm.temperature = model["temperature"].take_number("llm.temperature")
    tokens = model["maxTokens"].take_number("llm.maxTokens")
    agent.llm.max_tokens = int(tokens) if tokens and tokens >= 1 else None
    # Vapi's documented defaults; an export leaves them out and the agent would behave differently without them.
    agent.llm.temperature = 0.5 if agent.llm.temperature is None else agent.llm.temperature
    agent.llm.max_tokens = agent.llm.max_tokens or 250
    for fallback in model["fallbackModels"].items():
        name = fallback.take_text("llm.fallbacks")
        if name:
            agent.llm.fallbacks.append(Model(provider=agent.llm.provider, model=name))
    model["knowledgeBase"].mark("needs_input", "", "knowledge")
    model["knowledgeBaseId"].mark("needs_input", "", "knowledge")


def _voice(agent: Agent, voice: Node) -> None:
    if voice.text:
        voice.approximated("A preset name of Vapi; choose a voice.", "voice.name")
        return
    vendors.take_voice(agent, voice["provider"], voice["voiceId"], voice["model"])
    if voice["provider"].text == "elevenlabs":
        voice["provider"].mark("mapped", target="voice.provider")
        voice["provider"].revise("Not Vapi's name of this vendor (11labs); read as meant.")
    agent.voice.speed = voice["speed"].take_number("voice.speed")
    voice["language"].mark("approximated", "", "voice.language")
    for fallback in voice.at("fallbackPlan", "voices").items():
        provider = vendors.vendor(fallback["provider"].text)
        if provider and provider not in vendors.HOUSE | vendors.GONE:
            agent.voice.fallbacks.append(Model(provider=provider, model=fallback["model"].text))
    for item in voice.at("chunkPlan", "formatPlan", "replacements").items():
        _replacement(agent, item)


def _replacement(agent: Agent, item: Node) -> None:
    key, value = item["key"].text, item["value"].text
    if item["type"].text == "exact" and key and value is not None:
        item.mark("mapped", target="speech.replacements")
        agent.replacements[key] = value
    else:
        item.mark("unsupported", "Only exact replacements exist here, no patterns.")


def _transcriber(agent: Agent, node: Node) -> None:
    vendors.take_stt(agent, node["provider"], node["model"])
    languages.take_language(agent, node["language"])
    languages.take_language(agent, node["languages"])
    for item in [*node["keywords"].items(), *node["keyterm"].items()]:
        word = item.take_text("stt.keywords")
        if word:
            bare = word.rpartition(":")[0] if word.rpartition(":")[2].isdigit() else word
            agent.stt.keywords.append(bare)
            if bare != word:
                item.revise("The boost after the colon is dropped.")


def _first_message(agent: Agent, node: Node) -> None:
    first = node["firstMessage"]
    mode = node["firstMessageMode"]
    if (first.text or "").startswith(("http://", "https://")):
        first.mark("unsupported", "A recording as first message; write the text instead.")
    else:
        agent.first_message.text = take_template(agent, first, "firstMessage.text")
    if mode and mode.text not in _MODES:
        mode.mark("invalid", "Not one of Vapi's three modes.")
    known = _MODES.get(mode.take_text("firstMessage.mode") or "") if mode.text in _MODES else None
    if first and known == "generate":
        first.revise("The model speaks first in its own words in this mode; the text is kept.")
    agent.first_message.mode = known or ("say" if agent.first_message.text else "generate")  # type: ignore[assignment]
    agent.first_message.interruptible = node["firstMessageInterruptionsEnabled"].take_flag("firstMessage.interruptible")


READER = Reader("vapi", "Vapi", detect, read)
__all__ = ["KNOWN", "READER", "detect", "read", "read_assistant"]
