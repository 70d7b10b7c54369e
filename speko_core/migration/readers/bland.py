"""Bland: the parameters of a call or web agent, and pathways."""

from speko_core.migration import languages, tools
from speko_core.migration.neutral import (
    Agent,
    Extraction,
    Transfer,
    VoiceAgents,
    Webhook,
)
from speko_core.migration.readers.base import Detection, Reader, any_of, has, part, rows, words
from speko_core.migration.readers.bland_parts import read_tools, read_voice, take_words
from speko_core.migration.readers.bland_pathway import KINDS, read_pathway
from speko_core.migration.readers.bland_rules import CALL_RULES
from speko_core.migration.source import Node, Source
from speko_core.migration.variables import take_defaults
from speko_core.types import JsonValue

_CALL_KEYS = words(
    """first_sentence wait_for_greeting block_interruptions interruption_threshold transfer_list transfer_phone_number
    request_data pathway_id pronunciation_guide voicemail_message background_track analysis_schema dispatch_hours
    max_duration noise_cancellation answered_by_enabled"""
)


def detect(document: JsonValue) -> Detection | None:
    """By the typed nodes of a pathway, or by call parameters that only Bland has."""
    nodes = rows(part(document, "nodes"))
    known = [node for node in nodes if str(node.get("type")) in KINDS and isinstance(node.get("data"), dict)]
    if known and len(known) * 2 >= len(nodes) and isinstance(part(document, "edges"), list):
        return Detection("bland", "pathway")
    marks = sum(key in _CALL_KEYS for key in document) if isinstance(document, dict) else 0
    if any_of(document, "task", "prompt", "pathway_id") and marks >= 2 and not has(document, "nodes"):
        return Detection("bland", "call")
    return None


def read(source: Source, detection: Detection) -> VoiceAgents:
    """Read a call's parameters or a pathway."""
    agent = Agent()
    (read_pathway if detection.kind == "pathway" else _call)(agent, source.root)
    return VoiceAgents(platform="bland", kind=detection.kind, agents=[agent])


def _call(agent: Agent, node: Node) -> None:
    agent.name = node["name"].take_text("name")
    for key in ("task", "prompt"):
        agent.prompt = agent.prompt or take_words(agent, node[key], "prompt")
    agent.first_message.text = take_words(agent, node["first_sentence"], "firstMessage.text") or None
    waits = node["wait_for_greeting"].take_flag("firstMessage.mode")
    agent.first_message.mode = "wait" if waits else ("say" if agent.first_message.text else "generate")
    read_voice(agent, node)
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
    node.apply(CALL_RULES)


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
        agent.voicemail.message = agent.voicemail.message or take_words(agent, place, "voicemail.message") or None
    voicemail.mark("approximated", "Detection has a mode and a message here.", "voicemail.mode")
    agent.background.source = node["background_track"].take_text("background.source")
    node["noise_cancellation"].take_flag("turn.noiseCancellation")
    url = node["webhook"].take_text("webhooks.url")
    if url:
        agent.webhooks.append(Webhook(event="post_call", url=url))


READER = Reader("bland", "Bland", detect, read)
