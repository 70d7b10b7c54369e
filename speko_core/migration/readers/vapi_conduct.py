"""How a Vapi assistant conducts a call: turns, silence, endings, and what is found in the finished call."""

from speko_core.migration import tools
from speko_core.migration.neutral import (
    Agent,
    Criterion,
    Transfer,
    Webhook,
)
from speko_core.migration.source import Node
from speko_core.migration.variables import take_template

_AMD = {"off": "disabled", "twilio": "carrier"}


def read_turns(agent: Agent, node: Node) -> None:
    """Read when the assistant speaks, and when it stops."""
    start, stop = node["startSpeakingPlan"], node["stopSpeakingPlan"]
    agent.turn.min_endpointing_s = start["waitSeconds"].take_number("turn.minEndpointingS")
    words = stop["numWords"].take_number("turn.interruptionMinWords")
    if words is None:
        words = node["numWordsToInterruptAssistant"].take_number("turn.interruptionMinWords")
    agent.turn.interruption_min_words = int(words) if words is not None else None
    agent.turn.interruption_min_s = stop["voiceSeconds"].take_number("turn.interruptionMinS")
    sound = node["backgroundSound"]
    agent.background.source = sound.take_text("background.source")
    node["backgroundDenoisingEnabled"].take_flag("turn.noiseCancellation")
    for hook in node["hooks"].items():
        _idle_hook(agent, hook)
    plan = node["messagePlan"]
    agent.idle.prompts.extend(plan["idleMessages"].take_texts("idle.prompts"))
    agent.idle.after_seconds = plan["idleTimeoutSeconds"].take_number("idle.afterSeconds") or agent.idle.after_seconds


def _idle_hook(agent: Agent, hook: Node) -> None:
    if hook["on"].text != "customer.speech.timeout":
        return
    for action in hook["do"].items():
        texts = action["exact"].take_texts("idle.prompts") if action["type"].text == "say" else []
        if texts:
            agent.idle.prompts.extend(texts)
            action["type"].mark("mapped", target="idle.prompts")
            hook["on"].mark("mapped", target="idle.prompts")
    agent.idle.after_seconds = hook.at("options", "timeoutSeconds").take_number("idle.afterSeconds")
    count = hook.at("options", "triggerMaxCount").take_number("idle.maxCount")
    agent.idle.max_count = int(count) if count is not None else None


def read_ending(agent: Agent, node: Node) -> None:
    """Read how a call ends, and what is said on a machine."""
    agent.limits.max_duration_s = node["maxDurationSeconds"].take_number("limits.maxDurationS") or 600
    agent.limits.silence_end_s = node["silenceTimeoutSeconds"].take_number("limits.silenceEndS")
    agent.end_call.message = take_template(agent, node["endCallMessage"], "endCall.message")
    agent.end_call.phrases = node["endCallPhrases"].take_texts("endCall.phrases")
    if node["endCallFunctionEnabled"].take_flag("endCall.enabled"):
        tools.end_call(agent)
    detection = node["voicemailDetection"]
    provider = detection.text or detection["provider"].text
    if detection and provider:
        agent.voicemail.mode = _AMD.get(provider, "agent")  # type: ignore[assignment]
        place = detection if detection.text else detection["provider"]
        place.mark("mapped" if provider in _AMD else "approximated", "", "voicemail.mode")
    agent.voicemail.message = take_template(agent, node["voicemailMessage"], "voicemail.message")
    number = node["forwardingPhoneNumber"]
    if number.text:
        agent.transfers.append(Transfer(to=number.take_text("transfers.to") or "", description="Forward the call."))


def read_analysis(agent: Agent, node: Node) -> None:
    """Read what is taken out of the finished call."""
    plan = node["analysisPlan"]
    for schema in (
        plan.at("structuredDataPlan", "schema"),
        plan["structuredDataSchema"],
        plan["structuredDataMultiPlan"],
    ):
        tools.take_extraction_schema(agent, schema)
    for output in node.at("artifactPlan", "structuredOutputs").items():
        tools.take_extraction_schema(agent, output["schema"], output["name"].text or "")
    for goal in (plan.at("successEvaluationPlan", "rubric"), plan["successEvaluationPrompt"]):
        text = goal.take_text("evals")
        if text:
            agent.evals.append(Criterion(name="success", goal=text))


def read_webhooks(agent: Agent, node: Node) -> None:
    """Read where the assistant reported to."""
    for place in (node.at("server", "url"), node["serverUrl"]):
        url = place.take_text("webhooks.url")
        events = [item.text or "" for item in node["serverMessages"].items()]
        if url:
            agent.webhooks.append(Webhook(event="post_call", url=url, events=events))
