"""Python programs as documents: calls, classes and tools with their literal arguments, found in the syntax tree.

Nothing is imported, executed or evaluated beyond literals. Expressions become objects of one key: `{"name": …}`,
`{"env": …}`, `{"file": …}`, `{"f-string": …}`, or `{"call": …, "args": […], "kwargs": {…}}`.
"""

import ast
import re

from speko_core.errors import InvalidInput
from speko_core.migration import limits
from speko_core.migration.paths import Path, leaf_paths
from speko_core.migration.python_signatures import docstring, schema_of
from speko_core.migration.python_tree import (
    calls_in,
    constants_of,
    functions_in,
    imports_of,
    is_direct_function,
    is_framework_call,
    owners_of,
    parse,
)
from speko_core.migration.python_values import cleaned_text, dotted, literal, special
from speko_core.types import JsonObject, JsonValue

_MAX_BYTES = 512 * 1024
_MAX_EXPRESSION = 40
_TOOL = re.compile(r"(^|\.)(function_tool|ai_callable|tool|flows_direct_function)$")
_NODE_KEYS = frozenset({"task_messages", "role_messages", "role_message"})


class Program:
    """One file being turned into a document; `lines` says where each leaf stood."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.tree = parse(text, name)
        self.lines: dict[Path, str] = {}
        self.constants = constants_of(self.tree)
        self._leaves = 0
        self._named: dict[str, int] = {}

    def document(self) -> JsonObject:
        """Imports, classes, calls, tools, nodes of flows, and what remains."""
        classes = [node for node in self.tree.body if isinstance(node, ast.ClassDef)]
        document: JsonObject = {
            "language": "python",
            "imports": list(imports_of(self.tree)),
            "classes": [self._class(node, ("classes", at)) for at, node in enumerate(classes)],
        }
        outside = [node for node in self.tree.body if not isinstance(node, ast.ClassDef)]
        document["calls"] = self._calls(outside, ("calls",))
        document["tools"] = self._tools(outside, ("tools",))
        document["nodes"] = self._nodes(("nodes",))
        document["code"] = self._rest(outside)
        for path in leaf_paths(document):
            self.lines.setdefault(path, f"{self.name} {'.'.join(map(str, path))}")
        return document

    def _class(self, node: ast.ClassDef, path: Path) -> JsonObject:
        made: JsonObject = {"name": node.name, "bases": [ast.unparse(base)[:80] for base in node.bases]}
        for name in ("name", "bases"):
            self.lines[(*path, name)] = f"{self.name}:{node.lineno} {name}"
        for at in range(len(node.bases)):
            self.lines[(*path, "bases", at)] = f"{self.name}:{node.lineno} base {at + 1}"
        for call in calls_in(node.body):
            if dotted(call.func).endswith("__init__"):
                made["init"] = self._keywords(call, (*path, "init"))
                break
        made["calls"] = self._calls(node.body, (*path, "calls"))
        made["tools"] = self._tools(node.body, (*path, "tools"))
        made["doc"] = ast.get_docstring(node)
        self.lines[(*path, "doc")] = f"{self.name}:{node.lineno} docstring"
        return made

    def _calls(self, body: list[ast.stmt], path: Path) -> list[JsonValue]:
        found: list[JsonValue] = []
        for call in calls_in(body):
            if is_framework_call(call):
                found.append(self._value(call, (*path, len(found)), 0))
            if len(found) >= 500:
                break
        return found

    def _tools(self, body: list[ast.stmt], path: Path) -> list[JsonValue]:
        tools: list[JsonValue] = []
        for node in functions_in(body):
            decorators = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
            if any(_TOOL.search(dotted(item)) for item in decorators) or is_direct_function(node):
                tools.append(self._tool(node, (*path, len(tools))))
        return tools

    def _tool(self, node: ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> JsonObject:
        doc = ast.get_docstring(node) or ""
        summary, arguments = docstring(doc)
        for item in node.decorator_list:
            for keyword in item.keywords if isinstance(item, ast.Call) else ():
                if keyword.arg == "description" and isinstance(keyword.value, ast.Constant):
                    summary = str(keyword.value.value)
        returned = ast.unparse(node.returns)[:80] if node.returns else ""
        tool: JsonObject = {
            "name": node.name,
            "description": summary,
            "parameters": schema_of(node, arguments),
            "body": f"{len(node.body)} statements",
            "returns": returned or None,
        }
        self._place(tool, path, node.lineno)
        return tool

    def _nodes(self, path: Path) -> list[JsonValue]:
        found: list[JsonValue] = []
        owners = owners_of(self.tree)
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Dict):
                continue
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if keys & _NODE_KEYS:
                here = (*path, len(found))
                made = self._value(node, here, 0)
                if isinstance(made, dict):
                    made["function_name"] = owners.get(node)
                    self.lines[(*here, "function_name")] = f"{self.name}:{node.lineno} function"
                    found.append(made)
        return found[: limits.MAX_NODES]

    def _rest(self, body: list[ast.stmt]) -> JsonObject:
        rest: JsonObject = {}
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                rest[node.name] = "function"
                self.lines[("code", node.name)] = f"{self.name}:{node.lineno} {node.name}()"
        return rest

    def _place(self, value: JsonValue, path: Path, line: int) -> None:
        if isinstance(value, dict) and value:
            for key, item in value.items():
                self._place(item, (*path, key), line)
        elif isinstance(value, list) and value:
            for at, item in enumerate(value):
                self._place(item, (*path, at), line)
        else:
            self._leaf(path, line)

    def _leaf(self, path: Path, line: int) -> None:
        self._leaves += 1
        if self._leaves > limits.MAX_LEAVES:
            raise InvalidInput(f"{self.name} holds more values than a voice agent has.")
        words = ".".join(str(part) for part in path[-3:] if part not in ("kwargs", "args", "calls"))
        name = f"{self.name}:{line} {words}".rstrip()
        count = self._named.get(name, 0) + 1
        self._named[name] = count
        self.lines[path] = name if count == 1 else f"{name} ({count})"

    def _keywords(self, call: ast.Call, path: Path) -> JsonObject:
        return {item.arg: self._value(item.value, (*path, item.arg), 1) for item in call.keywords if item.arg}

    def _value(self, node: ast.expr, path: Path, depth: int) -> JsonValue:
        line = node.lineno
        if depth > _MAX_EXPRESSION:
            self._leaf(path, line)
            return None
        if isinstance(node, ast.Dict):
            return self._dict(node, path, depth)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            if not node.elts:
                self._leaf(path, line)
            return [self._value(item, (*path, at), depth + 1) for at, item in enumerate(node.elts[:1000])]
        if isinstance(node, ast.Name) and node.id in self.constants and depth < _MAX_EXPRESSION:
            return self._value(self.constants[node.id], path, depth + 10)
        if isinstance(node, ast.Await):
            return self._value(node.value, path, depth + 1)
        if isinstance(node, ast.Call):
            return self._call(node, path, depth)
        value = literal(node)
        self._place(value, path, line)
        return value

    def _dict(self, node: ast.Dict, path: Path, depth: int) -> JsonValue:
        made: JsonObject = {}
        for key, item in zip(node.keys[:1000], node.values, strict=False):
            if isinstance(key, ast.Constant):
                made[str(key.value)] = self._value(item, (*path, str(key.value)), depth + 1)
        if not made:
            self._leaf(path, node.lineno)
        return made

    def _call(self, node: ast.Call, path: Path, depth: int) -> JsonValue:
        name = dotted(node.func)
        read = special(node, name)
        if read is not None:
            self._place(read, path, node.lineno)
            return read
        text = cleaned_text(node, self.constants)
        if text is not None:
            self._leaf(path, node.lineno)
            return text
        self._leaf((*path, "call"), node.lineno)
        made: JsonObject = {"call": name}
        if node.args:
            made["args"] = [self._value(item, (*path, "args", at), depth + 1) for at, item in enumerate(node.args[:50])]
        if any(item.arg for item in node.keywords):
            made["kwargs"] = self._keywords(node, (*path, "kwargs"))
        return made


def python_document(text: str, name: str) -> Program:
    """Read a program.

    Raises:
        InvalidInput: too large, not Python, or nested beyond reason.
    """
    if len(text) > _MAX_BYTES:
        raise InvalidInput(f"{name} is over {_MAX_BYTES // 1024} KiB; a voice agent's program is smaller.")
    return Program(text, name)
