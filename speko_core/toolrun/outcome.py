"""How a tool call ended, in words for the model, and what it asks of the session."""

from dataclasses import dataclass

from speko_core.types import JsonObject
from speko_core.untrusted import mark

# About 4,000 tokens: more would crowd out the conversation.
MAX_TOLD_CHARS = 16_000


@dataclass(frozen=True)
class Outcome:
    """`text` is what the model sees. `action` is for whoever conducts the session, such as `{"type": "end_call"}`."""

    text: str
    failed: bool = False
    action: JsonObject | None = None


def answered(tool_name: str, text: str, *, problem: str = "") -> Outcome:
    """What another system said, marked as data; after `problem`, our sentence, where it is a failure."""
    marked = mark(text, f"the tool {tool_name}", MAX_TOLD_CHARS) if text else ""
    if problem:
        return Outcome("\n".join(filter(None, (problem, marked))), failed=True)
    return Outcome(marked or "The tool answered with nothing.")


def failed(sentence: str) -> Outcome:
    """A failure in our words."""
    return Outcome(sentence, failed=True)
