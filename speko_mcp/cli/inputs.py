"""The questions of VS Code: an entry refers to one as `${input:ID}`, and the file lists them under `inputs`."""

from speko_core.types import JsonObject
from speko_mcp.cli.clients.shapes import Key, Variable
from speko_mcp.cli.merging.document import Document, find
from speko_mcp.cli.merging.merge import put_entry, take_entry


def with_inputs(document: Document, text: str, before: str, credential: Key | Variable | None) -> str:
    """Ask for what the entry refers to, and no longer for what it referred to before."""
    if isinstance(credential, Variable):
        text = _with_input(document, text, credential.name)
    return without_inputs(document, text, before)


def _with_input(document: Document, text: str, name: str) -> str:
    inputs = find(document.read(text), ("inputs",))
    listed = inputs if isinstance(inputs, list) else []
    if any(find(item, ("id",)) == name for item in listed):
        return text
    asked: JsonObject = {"type": "promptString", "id": name, "description": "Speko API key", "password": True}
    return put_entry(document, text, ("inputs", len(listed)), asked)


def without_inputs(document: Document, text: str, before: str) -> str:
    """Take out the questions that only the entry needed."""
    inputs = find(document.read(text), ("inputs",))
    for at, item in reversed(list(enumerate(inputs if isinstance(inputs, list) else []))):
        reference = f"${{input:{find(item, ('id',))}}}"
        if reference in before and reference not in text:
            text = take_entry(document, text, ("inputs", at))
    return text
