"""ElevenLabs: what becomes of the fields that carry nothing into an agent here."""

from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported

_AGENT = "conversation_config.agent"
_PROMPT = f"{_AGENT}.prompt"
_TTS = "conversation_config.tts"
_OPERATION = "A matter of the installation here, not of the agent."

RULES = RuleTree(
    (
        *ignored(
            "Metadata of ElevenLabs' database.",
            "agent_id",
            "metadata",
            "access_info",
            "version_id",
            "branch_id",
            "main_branch_id",
            "phone_numbers.*.phone_number_id",
            "tags",
            "archived",
            "env",
        ),
        *ignored("How ElevenLabs' page shows the agent.", "platform_settings.widget"),
        *ignored(
            "Which events a browser receives.",
            "conversation_config.conversation.client_events",
            "conversation_config.conversation.monitoring_events",
        ),
        *ignored("What a caller of the API may override there.", "platform_settings.overrides"),
        *ignored("Checks of ElevenLabs itself.", "platform_settings.safety", "platform_settings.ban"),
        *unsupported(
            "A setting of that vendor only.",
            f"{_TTS}.stability",
            f"{_TTS}.similarity_boost",
            f"{_TTS}.style",
            f"{_TTS}.optimize_streaming_latency",
            f"{_TTS}.text_normalisation_type",
            f"{_TTS}.expressive_mode",
            f"{_TTS}.suggested_audio_tags",
        ),
        *needs_input(
            "Refers to something stored at ElevenLabs; export it too.",
            f"{_PROMPT}.tool_ids",
            f"{_TTS}.pronunciation_dictionary_locators",
            f"{_PROMPT}.custom_llm",
            "platform_settings.workspace_overrides.webhooks.post_call_webhook_id",
            "platform_settings.testing.attached_tests",
            "platform_settings.testing.referenced_tests_ids",
            "platform_settings.workspace_overrides.conversation_initiation_client_data_webhook",
        ),
        *unsupported(
            _OPERATION,
            "platform_settings.auth",
            "platform_settings.privacy",
            "platform_settings.call_limits",
            "platform_settings.guardrails",
            "platform_settings.workspace_overrides",
            "platform_settings.trust_context",
        ),
        *unsupported(
            "Digits the caller types are not collected.", "conversation_config.conversation.dtmf_input_settings"
        ),
        *unsupported(
            "Reasoning effort is set per completion here, not per agent.",
            f"{_PROMPT}.reasoning_effort",
            f"{_PROMPT}.thinking_budget",
        ),
        *unsupported("How long a cascade waits is the router's matter.", f"{_PROMPT}.cascade_timeout_seconds"),
        Rule(f"{_PROMPT}.mcp_server_ids", "needs_input", "", "mcpServers"),
        Rule(f"{_PROMPT}.native_mcp_server_ids", "needs_input", "", "mcpServers"),
        Rule(f"{_PROMPT}.rag", "approximated", "The knowledge base picks how many passages it returns."),
        Rule(f"{_PROMPT}.ignore_default_personality", "ignored", "Nothing is added to the prompt here."),
        Rule(f"{_PROMPT}.timezone", "approximated", "Say the time zone in the prompt."),
        Rule("conversation_config.conversation.text_only", "unsupported", "Agents speak."),
        Rule("conversation_config.asr", "approximated", "The recognizer is chosen by the router.", "stt.preference"),
        Rule("conversation_config.asr.user_input_audio_format", "ignored", "The transport decides the encoding."),
        Rule("conversation_config.turn", "approximated", "Turn taking has fewer settings here.", "turn.sensitivity"),
        Rule("conversation_config.vad", "approximated", "Turn taking has fewer settings here.", "turn.sensitivity"),
        Rule("platform_settings.evaluation", "approximated", "", "evals"),
        Rule("platform_settings.data_collection", "approximated", "", "extraction"),
        Rule("phone_numbers", "needs_input", "", "telephony.numbers"),
    ),
)
