"""What becomes of the fields of a Bolna agent that nothing here is made of."""

from speko_core.migration.rules import Rule, RuleTree, ignored, unsupported

_VENDOR = "A setting of Bolna or that vendor only."
TASK_RULES = RuleTree(
    (
        *ignored(
            "How Bolna wires its own parts.", "task_type", "toolchain", "tools_config.input", "tools_config.output"
        ),
        *unsupported(
            _VENDOR,
            "tools_config.synthesizer",
            "tools_config.transcriber",
            "tools_config.llm_agent",
            "tools_config.api_tools",
            "task_config",
            "tools_config",
        ),
        *ignored(
            "The transport decides the encoding.",
            "tools_config.transcriber.encoding",
            "tools_config.synthesizer.stream",
            "tools_config.transcriber.sampling_rate",
            "tools_config.synthesizer.audio_format",
            "tools_config.transcriber.stream",
            "tools_config.synthesizer.buffer_size",
        ),
        *unsupported(
            "The agent does not murmur while the caller speaks.",
            "task_config.backchanneling",
            "task_config.backchanneling_message_gap",
            "task_config.backchanneling_start_delay",
            "task_config.use_fillers",
        ),
        *unsupported("Digits the caller types are not collected.", "task_config.dtmf_enabled"),
        Rule(
            "tools_config.transcriber.endpointing", "unsupported", "The recognizer's own endpointing is not used here."
        ),
        Rule("tools_config.transcriber.multilingual", "approximated", "", "language.others"),
        Rule("tools_config.synthesizer.multilingual", "approximated", "", "language.others"),
        Rule("task_config.incremental_delay", "approximated", "", "turn.sensitivity"),
        Rule("task_config.interruption_backoff_period", "approximated", "", "turn.sensitivity"),
        Rule("task_config.optimize_latency", "approximated", "", "turn.sensitivity"),
        Rule("task_config.call_hangup_message", "approximated", "", "endCall.message"),
        Rule("task_config.noise_cancellation_level", "approximated", "", "turn.noiseCancellation"),
    )
)
TOP_RULES = RuleTree(
    (
        *ignored(
            "Metadata of Bolna's database.",
            "id",
            "agent_id",
            "agent_status",
            "created_at",
            "updated_at",
            "agent_type",
            "humanized_created_at",
            "humanized_updated_at",
            "user_id",
            "_comment",
            "is_migrated",
            "template_id",
        ),
        *unsupported(
            "A matter of the installation here, not of the agent.",
            "calling_guardrails",
            "ingest_source_config",
            "restricted_countries",
            "cost_config",
        ),
        Rule("inbound_phone_number", "needs_input", "", "telephony.numbers"),
        Rule("dispositions", "approximated", "Make an extraction field of the outcomes that matter."),
    )
)
