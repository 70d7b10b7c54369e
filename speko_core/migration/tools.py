"""Readers' common ground for tools, transfers and extraction fields."""

import re
from typing import Literal

from speko_core.migration.neutral import Agent, Extraction, Header, Tool
from speko_core.migration.secret_signs import is_sensitive_header
from speko_core.migration.secrets import placeholder
from speko_core.migration.source import Node
from speko_core.types import JsonObject, JsonValue

_EMPTY_SCHEMA: JsonObject = {"type": "object", "properties": {}}
ExtractionType = Literal["string", "number", "boolean", "enum"]
_NUMBERED = re.compile(r"(.*)_([0-9]{1,4})$", re.DOTALL)
PHONE = re.compile(r"^\+?[0-9][0-9 ().-]{5,20}$")


def tool_name(text: str | None, fallback: str = "tool") -> str:
    """A name in `snake_case` of at most 64 characters."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text or fallback)
    name = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")
    name = name if name[:1].isalpha() else f"{fallback}_{name}".strip("_")
    return name[:64].rstrip("_")


def field_name(text: str | None, fallback: str = "field") -> str:
    """A name an extraction field may have: letters, digits, `_`, at most 64."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text or fallback).strip("_")
    return (name if name[:1].isalpha() else f"{fallback}_{name}").strip("_")[:64]


def take_name(node: Node, fallback: str, target: str = "tools.name") -> str:
    """Read a tool's name; renaming to `snake_case` is reported."""
    given = node.take_text(target)
    name = tool_name(given, fallback)
    if given is not None and given != name:
        node.revise(f"Named {name} here.")
    return name


def take_schema(node: Node, target: str = "tools.parameters") -> JsonObject:
    """Read a JSON Schema of arguments."""
    if not isinstance(node.json, dict) or not node.json:
        return dict(_EMPTY_SCHEMA)
    node.mark("mapped", target=target)
    schema = dict(node.json)
    if "type" not in schema:
        schema = {"type": "object", **(schema if "properties" in schema else {"properties": schema})}
    if isinstance(schema.get("properties"), type(None)):
        schema["properties"] = {}
    return schema


def take_headers(node: Node) -> list[Header]:
    """Read headers: an object, a list of pairs, or a list of `{name, value}`. Credentials are placeholders already."""
    headers: list[Header] = []
    for name, item in [*node.fields(), *_pairs(node)]:
        secret = is_sensitive_header(name) or item.is_secret
        if item.is_object:
            item.mark("needs_input", "A reference to a stored secret; set the header anew.", "tools.headers")
            headers.append(Header(name=name, value=placeholder(name.upper().replace("-", "_")), secret=True))
            continue
        value = item.take_text("tools.headers")
        if value is not None:
            headers.append(Header(name=name, value=value, secret=secret))
    return headers


def _pairs(node: Node) -> list[tuple[str, Node]]:
    pairs: list[tuple[str, Node]] = []
    for item in node.items():
        if item.is_list and item[0].text:
            item[0].take_text("tools.headers")
            pairs.append((item[0].text or "", item[1]))
        for key in ("name", "key"):
            if item[key].text:
                pairs.append((item[key].take_text("tools.headers") or "", item["value"]))
                break
    return pairs


def end_call(agent: Agent, description: str = "") -> None:
    """Give the agent the built-in tool that hangs up."""
    agent.end_call.enabled = True
    if not any(tool.builtin == "end_call" for tool in agent.tools):
        text = description or "End the call when the conversation is over."
        agent.tools.append(Tool(name="end_call", description=text, kind="builtin", builtin="end_call"))


def add_tool(agent: Agent, tool: Tool) -> None:
    """Add a tool; a second one of the same name gets a number."""
    taken = {known.name for known in agent.tools}
    name, count = tool.name, 2
    # Where one name comes hundreds of times, the last tool says how far the numbers are.
    before = _NUMBERED.match(agent.tools[-1].name) if name in taken else None
    if before is not None and before.group(1) == name[:60]:
        count = int(before.group(2)) + 1
    while name in taken:
        name = f"{tool.name[:60]}_{count}"
        count += 1
    tool.name = name
    agent.tools.append(tool)


def take_extraction_schema(agent: Agent, node: Node, prefix: str = "", depth: int = 0) -> None:
    """Read the properties of a JSON Schema as extraction fields; nested objects become `parent_child`."""
    for name, field in node["properties"].fields():
        full = field_name(f"{prefix}_{name}" if prefix else name)
        if field["properties"].is_object and depth < 5:
            take_extraction_schema(agent, field, full, depth + 1)
            field["description"].mark("approximated", "Nested values are flattened.", "extraction")
            field.mark("approximated", "Nested values are flattened.", "extraction")
            continue
        agent.extraction.append(_extraction(full, field))
        reason = "Renamed or flattened." if full != name else _loss(field)
        field.mark("approximated" if reason else "mapped", reason, "extraction")
    node["required"].mark(
        "approximated", "Every field may stay empty when the call gave no basis for it.", "extraction"
    )
    node["type"].mark("mapped", "", "extraction")


def _loss(field: Node) -> str:
    kind = field["type"].text
    if kind in ("array", "object"):
        return "Lists and objects are extracted as a text."
    return "Format and limits are not checked." if field["format"] or field["pattern"] else ""


def _extraction(name: str, field: Node) -> Extraction:
    options = [str(item.json) for item in field["enum"].items() if item.json not in (None, "")]
    return Extraction(
        name=name,
        type=extraction_type(field["type"].json, bool(options)),
        description=(field["description"].text or name.replace("_", " "))[:10_000],
        options=options,
    )


def extraction_type(kind: JsonValue, has_options: bool) -> ExtractionType:
    """The nearest type of an extraction field."""
    if has_options:
        return "enum"
    named = str(kind[0] if isinstance(kind, list) and kind else kind).lower()
    if named in ("number", "integer", "float", "int"):
        return "number"
    return "boolean" if named in ("boolean", "bool", "yes_no") else "string"
