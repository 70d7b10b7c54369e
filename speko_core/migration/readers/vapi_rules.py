"""Vapi: what becomes of the fields that carry nothing into an agent here."""

from speko_core.migration.readers.base import Detection, words
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported

_METADATA = "Metadata of Vapi's database."
_VENDOR = "A setting of that vendor only."
_OPERATION = "A matter of the installation here, not of the agent."

# Every name the assistant schema has or had; anything else is ignored by Vapi and reported as invalid.
KNOWN = words(
    """name model voice transcriber firstMessage firstMessageMode firstMessageInterruptionsEnabled startSpeakingPlan
    stopSpeakingPlan voicemailDetection voicemailMessage endCallMessage endCallPhrases silenceTimeoutSeconds hooks
    maxDurationSeconds backgroundSound server serverUrl serverUrlSecret serverMessages clientMessages analysisPlan
    artifactPlan structuredOutputIds compliancePlan monitorPlan observabilityPlan credentials credentialIds
    keypadInputPlan backgroundSpeechDenoisingPlan metadata id orgId createdAt updatedAt isServerUrlSecretSet
    hipaaEnabled recordingEnabled backgroundDenoisingEnabled endCallFunctionEnabled dialKeypadFunctionEnabled
    responseDelaySeconds llmRequestDelaySeconds backchannelingEnabled forwardingPhoneNumber
    numWordsToInterruptAssistant messagePlan transportConfigurations modelOutputInMessagesEnabled videoRecordingEnabled
    fillersEnabled tools variableValues assistantVersion version parentId isTemplate recordingPath phoneNumberId
    toolIds _vapi (body)"""
)
RULES = RuleTree(
    (
        *ignored(
            _METADATA,
            "id",
            "orgId",
            "createdAt",
            "updatedAt",
            "isServerUrlSecretSet",
            "parentId",
            "version",
            "assistantVersion",
            "isTemplate",
            "_vapi",
        ),
        *ignored("Which messages Vapi sends to a browser.", "clientMessages", "modelOutputInMessagesEnabled"),
        *unsupported(_VENDOR, "voice", "transcriber", "model"),
        *unsupported(
            "The agent does not murmur while the caller speaks.",
            "backchannelingEnabled",
            "voice.fillerInjectionEnabled",
            "fillersEnabled",
        ),
        *unsupported(
            _OPERATION,
            "compliancePlan",
            "hipaaEnabled",
            "recordingEnabled",
            "videoRecordingEnabled",
            "artifactPlan",
            "monitorPlan",
            "observabilityPlan",
            "recordingPath",
        ),
        *needs_input("Keys of vendors are added once for the installation.", "credentials", "credentialIds"),
        *needs_input(
            "Refers to something stored at Vapi; export it too.",
            "structuredOutputIds",
            "model.toolIds",
            "toolIds",
            "artifactPlan.structuredOutputIds",
            "server.credentialId",
            "phoneNumberId",
            "voice.pronunciationDictionaryLocators",
            "model.toolRefs",
        ),
        *unsupported("Digits the caller types are not collected.", "keypadInputPlan", "dialKeypadFunctionEnabled"),
        *unsupported("A detail of the phone line.", "transportConfigurations"),
        *unsupported("Emotion of the caller is not read.", "model.emotionRecognitionEnabled"),
        *unsupported("What triggers it has no counterpart.", "hooks", "messagePlan"),
        *unsupported(
            "Voices chunk text by themselves here.",
            "voice.chunkPlan",
            "voice.inputMinCharacters",
            "voice.inputPunctuationBoundaries",
        ),
        *unsupported("The prompt is not cached by agent.", "voice.cachingEnabled"),
        Rule("server.timeoutSeconds", "unsupported", "Deliveries of webhooks have one time limit here."),
        Rule("server.backoffPlan", "unsupported", "Deliveries of webhooks are retried by one plan here."),
        Rule("server.headers", "needs_input", "Webhooks are signed here; set headers at the subscription."),
        Rule("serverMessages", "approximated", "Choose events when subscribing a webhook."),
        Rule("responseDelaySeconds", "approximated", "Turn taking keeps its defaults here.", "turn.sensitivity"),
        Rule("llmRequestDelaySeconds", "approximated", "Turn taking keeps its defaults here.", "turn.sensitivity"),
        Rule("startSpeakingPlan", "approximated", "Turn taking has fewer settings here.", "turn.sensitivity"),
        Rule("stopSpeakingPlan", "approximated", "Interruptions have fewer settings here.", "turn.sensitivity"),
        Rule("analysisPlan", "approximated", "Every report has a summary and the extraction fields."),
        Rule("analysisPlan.summaryPlan", "approximated", "", "summaryPrompt"),
        Rule("analysisPlan.summaryPrompt", "approximated", "", "summaryPrompt"),
        Rule("analysisPlan.structuredDataPlan", "approximated", "", "extractionPrompt"),
        Rule("analysisPlan.structuredDataPrompt", "approximated", "", "extractionPrompt"),
        Rule("voicemailDetection", "approximated", "Detection has a mode and a time limit here.", "voicemail.mode"),
        Rule("backgroundDenoisingEnabled", "approximated", "", "turn.noiseCancellation"),
        Rule("backgroundSpeechDenoisingPlan", "approximated", "", "turn.noiseCancellation"),
        Rule("transcriber.endpointing", "unsupported", "The recognizer's own endpointing is not used here."),
        Rule("transcriber.fallbackPlan", "approximated", "", "stt.fallbacks"),
        Rule("voice.fallbackPlan", "approximated", "", "voice.fallbacks"),
    ),
    KNOWN,
    "Vapi",
)


def near_miss(reason: str) -> Detection:
    """A document that looks like Vapi's and is not."""
    return Detection("vapi", "near_miss", reason)
