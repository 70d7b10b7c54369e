"""The fixtures of this folder: configurations written for these tests, one for each shape of each platform.

`python -m tests.core.migration.samples` writes the snapshots anew; read the difference before committing it.
"""

import json
from pathlib import Path

from speko_core.migration.build import BuildOptions
from speko_core.migration.documents import File
from speko_core.migration.emit import build_session_config
from speko_core.migration.parse import Parsed, parse_files
from speko_core.migration.readers import READERS
from speko_core.migration.report import render
from speko_core.migration.targets import landings

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures"
SNAPSHOTS = HERE / "snapshots"
DOCS = HERE.parents[2] / "docs"
LINES = 24
# What each fixture is; two files in one entry are one agent.
SAMPLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "bland_call": ("bland", "call", ("bland_call.json",)),
    "bland_pathway": ("bland", "pathway", ("bland_pathway.json",)),
    "bolna_agent": ("bolna", "create", ("bolna_agent.json",)),
    "bolna_graph": ("bolna", "agent", ("bolna_graph.json",)),
    "deepgram_settings": ("deepgram", "settings", ("deepgram_settings.json",)),
    "dograh_workflow": ("dograh", "workflow_answer", ("dograh_workflow.json",)),
    "elevenlabs_agent": ("elevenlabs", "agent", ("elevenlabs_agent.json",)),
    "hume_config": ("hume", "config", ("hume_config.json",)),
    "livekit_python": ("livekit", "python", ("livekit_agent.py",)),
    "livekit_typescript": ("livekit", "script", ("livekit_agent.ts",)),
    "openai_realtime": ("openai_realtime", "session", ("openai_realtime.json",)),
    "openai_realtime_beta": ("openai_realtime", "beta_session", ("openai_realtime_beta.json",)),
    "pipecat_bot": ("pipecat", "python", ("pipecat_bot.py",)),
    "pipecat_editor": ("pipecat", "editor_flow", ("pipecat_editor.json",)),
    "pipecat_flow": ("pipecat", "flow", ("pipecat_flow.json",)),
    "pipecat_flow_python": ("pipecat", "python", ("pipecat_flow.py",)),
    "retell_agent_and_llm": ("retell", "bundle", ("retell_agent.json", "retell_llm.json")),
    "retell_flow_bundle": ("retell", "bundle", ("retell_flow_bundle.json",)),
    "retell_llm": ("retell", "llm", ("retell_llm.json",)),
    "synthflow_agent": ("synthflow", "agent", ("synthflow_agent.json",)),
    "telnyx_assistant": ("telnyx", "assistant", ("telnyx_assistant.json",)),
    "ten_property": ("ten", "property", ("ten_property.json",)),
    "twilio_relay": ("twilio", "conversation_relay", ("twilio_relay.xml",)),
    "ultravox_call": ("ultravox", "call", ("ultravox_call.json",)),
    "ultravox_typescript": ("ultravox", "call", ("ultravox_config.ts",)),
    "vapi_assistant": ("vapi", "assistant", ("vapi_assistant.json",)),
    "vapi_legacy": ("vapi", "assistant", ("vapi_legacy.yaml",)),
    "vapi_markdown": ("vapi", "assistant", ("vapi_prompt.md",)),
    "vapi_squad": ("vapi", "squad", ("vapi_squad.json",)),
    "vapi_workflow": ("vapi", "workflow", ("vapi_workflow.json",)),
    "vocode_app": ("vocode", "python", ("vocode_app.py",)),
}


def files_of(name: str) -> list[File]:
    """The fixture as a client sends it."""
    return [File(file, (FIXTURES / file).read_bytes()) for file in SAMPLES[name][2]]


def parsed(name: str) -> Parsed:
    """The one agent of a fixture."""
    outcome = parse_files(files_of(name))
    assert len(outcome.parsed) == 1, outcome
    assert outcome.refused == []
    return outcome.parsed[0]


def snapshot(name: str) -> str:
    """The report as a person reads it, then what is built."""
    found = parsed(name)
    build = build_session_config(found.agents, BuildOptions(), None, found.keys_to_set)
    shown = build.model_dump(mode="json", exclude={"report", "source_digest"})
    text = json.dumps(shown, indent=1, ensure_ascii=False)
    digest = found.agents.digest
    return f"{render(found.report)}\n\n{text}\n".replace(digest, "<digest>")


def mapping_table() -> str:
    """Where each field of the neutral model lands, as the page shows it."""
    rows = ["| Neutral field | Becomes | At best | |", "| --- | --- | --- | --- |"]
    for name, landing in landings().items():
        target = f"`{landing.target}`" if landing.target else ""
        rows.append(f"| `{name}` | {target} | {landing.status} | {landing.note} |")
    return "\n".join(rows)


def report_examples() -> str:
    """The report of one sample for each platform, cut to what a page bears."""
    parts, shown = [], set()
    for name, (platform, kind, files) in SAMPLES.items():
        if platform in shown:
            continue
        shown.add(platform)
        lines = render(parsed(name).report).splitlines()
        rest = [f"... {len(lines) - LINES} lines more"] if len(lines) > LINES else []
        title = next(reader.title for reader in READERS if reader.platform == platform)
        head = f"**{title}: {kind}**, from `{', '.join(files)}`:"
        parts.append("\n".join([head, "", "```text", *lines[:LINES], *rest, "```"]))
    return "\n\n".join(parts)


GENERATED = {"migration-report": ("table", mapping_table), "migration-examples": ("reports", report_examples)}


def page_with(name: str) -> str:
    """A page of the documentation with its generated part written anew."""
    part, write = GENERATED[name]
    head, _, rest = (DOCS / f"{name}.md").read_text().partition(f"<!-- {part} -->\n")
    return f"{head}<!-- {part} -->\n{write()}\n<!-- end of {part} -->{rest.partition(f'<!-- end of {part} -->')[2]}"


def write_snapshots() -> None:
    """Write every snapshot and the generated parts of the pages anew."""
    SNAPSHOTS.mkdir(exist_ok=True)
    for name in SAMPLES:
        (SNAPSHOTS / f"{name}.txt").write_text(snapshot(name))
    for name in GENERATED:
        (DOCS / f"{name}.md").write_text(page_with(name))


if __name__ == "__main__":
    write_snapshots()
