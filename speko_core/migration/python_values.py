"""What expressions of a Python program are worth. Nothing is evaluated beyond literals."""

import ast
import re
import textwrap

from speko_core.types import JsonValue


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name, an attribute or a call; empty for anything else."""
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


def literal(node: ast.expr) -> JsonValue:
    """The value of a literal; an object of one key for what is none."""
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
    if isinstance(node, ast.Subscript) and dotted(node.value) == "os.environ" and isinstance(node.slice, ast.Constant):
        return {"env": str(node.slice.value)}
    return {"name": dotted(node) or type(node).__name__}


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
            named = re.sub(r"\W+", "_", dotted(item.value)).strip("_") or "value"
            parts.append("{{" + named + "}}")
    return "".join(parts)


def special(node: ast.Call, name: str) -> JsonValue:
    """What a call reads: a variable of the environment, or a file."""
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


def cleaned_text(node: ast.Call, constants: dict[str, ast.expr]) -> str | None:
    """`textwrap.dedent("…")`, `"…".strip()` and the like of a literal."""
    subject: ast.expr | None = None
    name = dotted(node.func)
    if name.endswith("dedent") and node.args:
        subject = node.args[0]
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ("strip", "lstrip", "rstrip") and not node.args:
        subject = node.func.value
    if isinstance(subject, ast.Name):
        subject = constants.get(subject.id)
    if isinstance(subject, ast.Call):
        return cleaned_text(subject, constants)
    if isinstance(subject, ast.Constant) and isinstance(subject.value, str):
        return textwrap.dedent(subject.value).strip()
    return None
