"""Retell: what becomes of the fields that carry nothing into an agent here."""

from speko_core.migration.readers.base import Detection
from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported

_METADATA = "Metadata of Retell's database."
_OPERATION = "A matter of the installation here, not of the agent."

AGENT_RULES = RuleTree(
    (
        *ignored(
            _METADATA,
            "agent_id",
            "version",
            "version_title",
            "version_description",
            "is_published",
            "last_modification_timestamp",
            "assigned_tags",
            "channel",
            "base_version",
            "created_at",
            "user_modified_timestamp",
        ),
        *ignored("Names the engine that is read beside it.", "response_engine.type", "response_engine.version"),
        *needs_input(
            "The engine is in a file of its own; give that file too.",
            "response_engine.llm_id",
            "response_engine.conversation_flow_id",
        ),
        *needs_input(
            "The conversation is led by your own server; keep it as an inline agent.",
            "response_engine.llm_websocket_url",
        ),
        *unsupported(
            "A setting of that vendor only.",
            "voice_temperature",
            "volume",
            "expressive_mode",
            "enable_dynamic_voice_speed",
            "enable_expressive_mode",
            "voice_emotion",
            "enable_dynamic_responsiveness",
        ),
        *unsupported(
            "The agent does not murmur while the caller speaks.",
            "enable_backchannel",
            "backchannel_frequency",
            "backchannel_words",
        ),
        *unsupported(
            _OPERATION,
            "pii_config",
            "guardrail_config",
            "data_storage_setting",
            "data_storage_retention_days",
            "opt_in_signed_url",
            "opt_out_sensitive_data_storage",
            "signed_url_expiration_ms",
            "timezone",
            "is_public",
        ),
        *unsupported("Menus and screening of other machines are not handled.", "ivr_option", "call_screening_option"),
        *unsupported(
            "Digits the caller types are not collected.",
            "allow_user_dtmf",
            "user_dtmf_options",
            "allow_dtmf_interruption",
        ),
        *unsupported("How long a phone rings is not a setting here.", "ring_duration_ms"),
        Rule("begin_message_delay_ms", "unsupported", "A pause before the first message is not a setting here."),
        Rule("responsiveness", "approximated", "", "turn.sensitivity"),
        Rule("interruption_sensitivity", "approximated", "", "turn.sensitivity"),
        Rule("vocab_specialization", "approximated", "Use keywords for the words of the trade."),
        Rule(
            "normalize_for_speech", "approximated", "Numbers and dates are always written out before they are spoken."
        ),
        Rule("handbook_config", "approximated", "Presets of Retell; write what matters into the prompt."),
        Rule("webhook_events", "approximated", "Choose events when subscribing a webhook."),
        Rule("webhook_timeout_ms", "unsupported", "Deliveries of webhooks have one time limit here."),
        Rule("post_call_analysis_model", "approximated", "The report is written by the installation's own model."),
        Rule("analysis_summary_prompt", "approximated", "", "summaryPrompt"),
        Rule("analysis_successful_prompt", "approximated", "", "summaryPrompt"),
        Rule("analysis_user_sentiment_prompt", "approximated", "", "summaryPrompt"),
        Rule("post_call_analysis_data", "approximated", "", "extraction"),
    ),
)
LLM_RULES = RuleTree(
    (
        *ignored(_METADATA, "llm_id", "version", "is_published", "last_modification_timestamp", "base_version"),
        *unsupported(
            "Served by priority at Retell only.",
            "model_high_priority",
            "model_config.primary.tier",
            "model_config.tier",
        ),
        Rule("model_config.type", "mapped", "", "llm.model"),
        Rule("model_config.backup", "approximated", "", "llm.fallbacks"),
        Rule("tool_call_strict_mode", "ignored", "Arguments are always checked against the schema here."),
        Rule("kb_config", "approximated", "The knowledge base picks how many passages it returns."),
        Rule(
            "begin_after_user_silence_ms", "approximated", "The agent then waits without a limit.", "firstMessage.mode"
        ),
    ),
)
FLOW_RULES = RuleTree(
    (
        *ignored(_METADATA, "conversation_flow_id", "version", "is_published", "last_modification_timestamp"),
        *ignored("Drawing of the editor.", "begin_tag_display_position", "nodes.*.display_position", "notes"),
        *unsupported("Served by priority at Retell only.", "model_choice.high_priority"),
        Rule("model_choice.type", "mapped", "", "llm.model"),
        Rule("tool_call_strict_mode", "ignored", "Arguments are always checked against the schema here."),
        Rule("kb_config", "approximated", "The knowledge base picks how many passages it returns."),
        Rule("flex_mode", "approximated", "Retell itself flattens the graph in this mode.", "graph"),
        Rule("is_transfer_cf", "ignored", "Set by the editor."),
        Rule("components", "approximated", "Components become stages.", "graph"),
        Rule(
            "begin_after_user_silence_ms", "approximated", "The agent then waits without a limit.", "firstMessage.mode"
        ),
        Rule("nodes.*.finetune_conversation_examples", "unsupported", "Write examples into the prompt."),
        Rule("nodes.*.finetune_transition_examples", "unsupported", "Write examples into the prompt."),
        Rule("nodes.*.model_choice", "unsupported", "One model leads the whole call here."),
        Rule("nodes.*.voice_speed", "unsupported", "One speed holds for the whole call here."),
        Rule("nodes.*.interruption_sensitivity", "unsupported", "Interruptions are set for the whole call here."),
        Rule("nodes.*.responsiveness", "unsupported", "Turn taking is set for the whole call here."),
        Rule("nodes.*.knowledge_base_ids", "needs_input", "", "knowledge"),
        Rule("nodes.*", "approximated", "A detail of that stage.", "graph"),
    ),
)


def near_miss(reason: str) -> Detection:
    """A document that looks like Retell's and is not."""
    return Detection("retell", "near_miss", reason)
