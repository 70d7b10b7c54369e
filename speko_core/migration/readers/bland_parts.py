"""What Bland's calls and pathways share: voices, texts and tools."""

from speko_core.migration import tools, vendors
from speko_core.migration.neutral import (
    Agent,
    Endpoint,
    Tool,
)
from speko_core.migration.source import Node
from speko_core.migration.variables import adopt


def read_voice(agent: Agent, node: Node) -> None:
    """The voice by its name at Bland."""
    voice = node["voice"]
    if voice.text:
        agent.voice.name = voice.text
        voice.approximated(vendors.HOUSE_VOICE, "voice.name")


def take_words(agent: Agent, node: Node, target: str) -> str:
    """A text with its placeholders, without Bland's marks for pauses."""
    text = node.take_text(target)
    if text is None:
        return ""
    if "<|" in text:
        node.revise("Pause marks are taken out.")
        text = "".join(piece.partition("|>")[2] if "|>" in piece else piece for piece in text.split("<|"))
    return adopt(agent, text, node.revise)


def read_tools(agent: Agent, node: Node) -> None:
    """Inline tools; an id needs its own export."""
    for item in node.items():
        if not item.is_object:
            item.mark("needs_input", "A tool or knowledge base by id; export it too.")
            continue
        tools.add_tool(agent, _tool(item))


def _tool(item: Node) -> Tool:
    schema = item["input_schema"]
    schema["example"].mark("approximated", "Examples belong into the description.", "tools.parameters")
    timeout = item["timeout"].take_number("tools.timeoutMs")
    item["response"].mark("approximated", "", "tools.response")
    parameters = tools.take_schema(schema)
    parameters.pop("example", None)
    return Tool(
        name=tools.take_name(item["name"], "custom_tool"),
        description=item["description"].take_text("tools.description") or "",
        parameters=parameters,
        kind="webhook",
        endpoint=Endpoint(
            url=item["url"].take_text("tools.url") or "",
            method=(item["method"].take_text("tools.method") or "POST").upper(),
            headers=tools.take_headers(item["headers"]),
            query={name: field.take("tools.query") for name, field in item["query"].fields()},
            body=item["body"].take("tools.body"),
            timeout_ms=int(timeout) if timeout else None,
            payload_format="bland",
        ),
        speech=item["speech"].take_text("tools.speech"),
    )
