"""Functions that are tools, as a model sees them: descriptions from docstrings, a schema from annotations."""

import ast
import re

from speko_core.migration.python_values import dotted
from speko_core.types import JsonObject, JsonValue

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array", "dict": "object"}
_HIDDEN_ARGUMENTS = frozenset(
    {"self", "cls", "context", "ctx", "run_context", "params", "flow_manager", "raw_arguments"}
)


def docstring(text: str) -> tuple[str, dict[str, str]]:
    """The description of a docstring, and those of its arguments."""
    head, marker, tail = text.partition("Args:")
    arguments: dict[str, str] = {}
    for line in tail.partition("Returns:")[0].splitlines() if marker else []:
        named = re.match(r"\s*(\w+)\s*(?:\([^)]*\))?\s*:\s*(.+)", line)
        if named:
            arguments[named.group(1)] = named.group(2).strip()
    return " ".join(head.partition("Returns:")[0].split()), arguments


def schema_of(node: ast.FunctionDef | ast.AsyncFunctionDef, described: dict[str, str]) -> JsonObject:
    """JSON Schema of the arguments that a model fills in."""
    properties: JsonObject = {}
    required: list[JsonValue] = []
    arguments = [*node.args.args, *node.args.kwonlyargs]
    defaults = len(node.args.defaults)
    plain = len(node.args.args) - defaults
    for at, argument in enumerate(arguments):
        if argument.arg in _HIDDEN_ARGUMENTS:
            continue
        field = _annotation(argument.annotation)
        if argument.arg in described:
            field["description"] = described[argument.arg]
        properties[argument.arg] = field
        if at < plain:
            required.append(argument.arg)
    schema: JsonObject = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _annotation(node: ast.expr | None) -> JsonObject:
    if node is None:
        return {"type": "string"}
    if isinstance(node, ast.Subscript):
        name = dotted(node.value)
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name.endswith("Annotated"):
            field = _annotation(inside[0])
            texts = [
                item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)
            ]
            return {**field, "description": texts[0]} if texts else field
        if name.endswith("Literal"):
            return {"type": "string", "enum": [str(item.value) for item in inside if isinstance(item, ast.Constant)]}
        if name.endswith("Optional"):
            return _annotation(inside[0])
        return {"type": _TYPES.get(name.rpartition(".")[2].lower(), "string")}
    if isinstance(node, ast.BinOp):
        return _annotation(node.left)
    return {"type": _TYPES.get(dotted(node), "string")}
