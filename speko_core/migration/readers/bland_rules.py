"""What becomes of the fields of a Bland call or pathway that nothing here is made of."""

from speko_core.migration.rules import Rule, RuleTree, ignored, needs_input, unsupported

_VENDOR = "A setting of Bland only."
CALL_RULES = RuleTree(
    (
        *ignored("Metadata of Bland's database.", "agent_id", "call_id", "version", "created_at", "pathway_version"),
        *needs_input(
            "Refers to something stored at Bland; export it too.", "pathway_id", "start_node_id", "persona_id"
        ),
        *unsupported(
            _VENDOR, "temperature_override", "retry", "dispatch_hours", "answered_by_enabled", "json_mode_enabled"
        ),
        *unsupported("Recording is set for the installation here.", "record"),
        Rule("phone_number", "needs_input", "", "telephony.numbers"),
        Rule("from", "needs_input", "", "telephony.numbers"),
        Rule("interruption_threshold", "approximated", "", "turn.sensitivity"),
        Rule("block_interruptions", "unsupported", "Callers can always interrupt here."),
        Rule("summary_prompt", "approximated", "", "summaryPrompt"),
        Rule("dispositions", "approximated", "Make an extraction field of the outcomes that matter."),
        Rule("webhook_events", "approximated", "Choose events when subscribing a webhook."),
    )
)
PATHWAY_RULES = RuleTree(
    (
        *ignored(
            "Drawing of the editor.",
            "nodes.*.position",
            "nodes.*.width",
            "nodes.*.height",
            "nodes.*.measured",
            "nodes.*.selected",
            "nodes.*.dragging",
            "nodes.*.positionAbsolute",
            "edges.*.animated",
            "edges.*.sourceHandle",
            "edges.*.targetHandle",
            "edges.*.selected",
            "viewport",
        ),
        Rule("description", "unsupported", "", "description"),
        Rule("nodes.*.data.modelOptions", "unsupported", "One model leads the whole call here."),
        Rule("nodes.*.data.dialogueExamples", "unsupported", "Write examples into the prompt."),
        Rule("nodes.*.data.pathwayExamples", "unsupported", "Write examples into the prompt."),
        Rule("nodes.*.data.responseData", "approximated", "", "tools.response"),
        Rule("nodes.*.data.responsePathways", "approximated", "The model decides by the answer.", "graph"),
        Rule("nodes.*.data.kb", "needs_input", "", "knowledge"),
        Rule("nodes.*", "approximated", "A detail of that stage.", "graph"),
        Rule("edges.*", "approximated", "", "graph.edges"),
    )
)
