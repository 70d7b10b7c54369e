"""Python programs as documents: calls, classes and tools with their literal arguments, found in the syntax tree.

Nothing is imported, executed or evaluated beyond literals. Expressions become objects of one key: `{"name": …}`,
`{"env": …}`, `{"file": …}`, `{"f-string": …}`, or `{"call": …, "args": […], "kwargs": {…}}`.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

from speko_core.errors import InvalidInput
from speko_core.migration import limits
from speko_core.migration.paths import Path, leaf_paths
from speko_core.types import JsonObject, JsonValue

_MAX_BYTES = 512 * 1024
_MAX_EXPRESSION = 40
# What the frameworks are made of; other calls are the application's own code.
_CALLS = re.compile(
    r"(^|\.)(AgentSession|VoicePipelineAgent|VoiceAssistant|MultimodalAgent|RealtimeModel|say|generate_reply|"
    r"\w+(STT|TTS|LLM|Realtime\w*)Service|TTSSpeakFrame|LLMContext|OpenAILLMContext|LLMUserAggregatorParams|"
    r"FunctionSchema|FlowsFunctionSchema|register_function|NodeConfig|FlowManager|SileroVADAnalyzer|VADParams|"
    r"ChatGPTAgentConfig|AnthropicAgentConfig|LlamacppAgentConfig|\w+SynthesizerConfig|\w+TranscriberConfig|"
    r"\w+Synthesizer|StreamingConversation|TelephonyServer|ConversationRelay|conversation_relay|RealtimeAgent)$"
)
_TOOL = re.compile(r"(^|\.)(function_tool|ai_callable|tool|flows_direct_function)$")
_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array", "dict": "object"}
_HIDDEN_ARGUMENTS = frozenset(
    {"self", "cls", "context", "ctx", "run_context", "params", "flow_manager", "raw_arguments"}
)
_NODE_KEYS = frozenset({"task_messages", "role_messages", "role_message"})


class Program:
    """One file being turned into a document; `lines` says where each leaf stood."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.tree = _parse(text, name)
        self.lines: dict[Path, str] = {}
        self.constants = _constants(self.tree)
        self._leaves = 0
        self._named: dict[str, int] = {}

    def document(self) -> JsonObject:
        """Imports, classes, calls, tools, nodes of flows, and what remains."""
        classes = [node for node in self.tree.body if isinstance(node, ast.ClassDef)]
        document: JsonObject = {
            "language": "python",
            "imports": list(_imports(self.tree)),
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
        for call in _calls_in(node.body):
            if _dotted(call.func).endswith("__init__"):
                made["init"] = self._keywords(call, (*path, "init"))
                break
        made["calls"] = self._calls(node.body, (*path, "calls"))
        made["tools"] = self._tools(node.body, (*path, "tools"))
        made["doc"] = ast.get_docstring(node)
        self.lines[(*path, "doc")] = f"{self.name}:{node.lineno} docstring"
        return made

    def _calls(self, body: list[ast.stmt], path: Path) -> list[JsonValue]:
        found: list[JsonValue] = []
        for call in _calls_in(body):
            if _CALLS.search(_dotted(call.func)):
                found.append(self._value(call, (*path, len(found)), 0))
            if len(found) >= 500:
                break
        return found

    def _tools(self, body: list[ast.stmt], path: Path) -> list[JsonValue]:
        tools: list[JsonValue] = []
        for node in _functions_in(body):
            decorators = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
            if any(_TOOL.search(_dotted(item)) for item in decorators) or _is_direct_function(node):
                tools.append(self._tool(node, (*path, len(tools))))
        return tools

    def _tool(self, node: ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> JsonObject:
        doc = ast.get_docstring(node) or ""
        summary, arguments = _docstring(doc)
        for item in node.decorator_list:
            for keyword in item.keywords if isinstance(item, ast.Call) else ():
                if keyword.arg == "description" and isinstance(keyword.value, ast.Constant):
                    summary = str(keyword.value.value)
        returned = ast.unparse(node.returns)[:80] if node.returns else ""
        tool: JsonObject = {
            "name": node.name,
            "description": summary,
            "parameters": _schema(node, arguments),
            "body": f"{len(node.body)} statements",
            "returns": returned or None,
        }
        self._place(tool, path, node.lineno)
        return tool

    def _nodes(self, path: Path) -> list[JsonValue]:
        found: list[JsonValue] = []
        owners = _owners(self.tree)
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
        value = _literal(node)
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
        name = _dotted(node.func)
        special = _special(node, name)
        if special is not None:
            self._place(special, path, node.lineno)
            return special
        text = _cleaned_text(node, self.constants)
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


def _parse(text: str, name: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise InvalidInput(f"{name} is not valid Python: see line {error.lineno or 1}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise InvalidInput(f"{name} is not Python that can be read.") from None


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return {name: value for name, value in found.items() if not isinstance(value, ast.Name)}


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield f"{node.module}.{node.names[0].name}" if node.module == "livekit" else node.module


def _calls_in(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """Outermost calls of interest: a call inside a call of interest belongs to it."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            if _CALLS.search(name) or name.endswith("__init__"):
                yield node
                continue
        stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _functions_in(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def _owners(tree: ast.Module) -> dict[ast.AST, str]:
    owners: dict[ast.AST, str] = {}
    for function in _functions_in(tree.body):
        for node in ast.walk(function):
            if isinstance(node, ast.Dict):
                owners[node] = function.name
    return owners


def _is_direct_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = node.args.args[0] if node.args.args else None
    named = ast.unparse(first.annotation) if first is not None and first.annotation is not None else ""
    return named.endswith("FlowManager") and bool(ast.get_docstring(node))


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    for _ in range(12):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            break
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def _literal(node: ast.expr) -> JsonValue:
    if isinstance(node, ast.Constant):
        value = node.value
        return value if value is None or isinstance(value, str | int | float | bool) else str(value)[:200]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        operand = node.operand.value
        return -operand if isinstance(operand, int | float) else None
    if isinstance(node, ast.JoinedStr):
        return {"f-string": _f_string(node)}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        joined = _joined(node)
        if joined is not None:
            return joined
    if isinstance(node, ast.Subscript) and _dotted(node.value) == "os.environ" and isinstance(node.slice, ast.Constant):
        return {"env": str(node.slice.value)}
    return {"name": _dotted(node) or type(node).__name__}


def _joined(node: ast.BinOp) -> str | None:
    parts: list[str] = []
    stack: list[ast.expr] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.BinOp) and isinstance(item.op, ast.Add):
            stack += [item.right, item.left]
        elif isinstance(item, ast.Constant) and isinstance(item.value, str):
            parts.append(item.value)
        else:
            return None
    return "".join(parts)


def _f_string(node: ast.JoinedStr) -> str:
    parts = []
    for item in node.values:
        if isinstance(item, ast.Constant):
            parts.append(str(item.value))
        elif isinstance(item, ast.FormattedValue):
            named = re.sub(r"\W+", "_", _dotted(item.value)).strip("_") or "value"
            parts.append("{{" + named + "}}")
    return "".join(parts)


def _special(node: ast.Call, name: str) -> JsonValue:
    first = node.args[0] if node.args else None
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    if name in ("os.getenv", "os.environ.get", "getenv") and text:
        return {"env": text}
    if name.endswith(("read_text", "open.read")):
        inner = _first_text(node)
        return {"file": inner or "a file"}
    return None


def _first_text(node: ast.expr) -> str | None:
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value not in ("r", "utf-8", "utf8"):
            return item.value
    return None


def _cleaned_text(node: ast.Call, constants: dict[str, ast.expr]) -> str | None:
    """`textwrap.dedent("…")`, `"…".strip()` and the like of a literal."""
    subject: ast.expr | None = None
    name = _dotted(node.func)
    if name.endswith("dedent") and node.args:
        subject = node.args[0]
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ("strip", "lstrip", "rstrip") and not node.args:
        subject = node.func.value
    if isinstance(subject, ast.Name):
        subject = constants.get(subject.id)
    if isinstance(subject, ast.Call):
        return _cleaned_text(subject, constants)
    if isinstance(subject, ast.Constant) and isinstance(subject.value, str):
        return textwrap.dedent(subject.value).strip()
    return None


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    head, marker, tail = text.partition("Args:")
    arguments: dict[str, str] = {}
    for line in tail.partition("Returns:")[0].splitlines() if marker else []:
        named = re.match(r"\s*(\w+)\s*(?:\([^)]*\))?\s*:\s*(.+)", line)
        if named:
            arguments[named.group(1)] = named.group(2).strip()
    return " ".join(head.partition("Returns:")[0].split()), arguments


def _schema(node: ast.FunctionDef | ast.AsyncFunctionDef, described: dict[str, str]) -> JsonObject:
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
        name = _dotted(node.value)
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
    return {"type": _TYPES.get(_dotted(node), "string")}
