"""Failures as a model reads them: what failed, which field, what is allowed, whether to retry, what to call next."""

import difflib
import logging
from collections.abc import Iterable, Mapping

from fastmcp.tools import ToolResult
from mcp_types import TextContent

from speko_core.errors import (
    Conflict,
    Forbidden,
    InsufficientCredits,
    InvalidInput,
    NotFound,
    SpekoError,
    Unauthorized,
)
from speko_core.ids import new_id
from speko_core.operations import AnyOperation
from speko_core.types import JsonObject

log = logging.getLogger(__name__)

_WHO = "whoami"


class NextTools:
    """Which tool mends which failure, read from the operations that have a tool."""

    def __init__(self, operations: Iterable[AnyOperation]) -> None:
        bound = {operation.id: operation.tool.name for operation in operations if operation.tool is not None}
        self._lists: Mapping[str, str] = {
            identifier.removesuffix(".list"): name for identifier, name in bound.items() if identifier.endswith(".list")
        }
        self._credits = bound.get("credits.balance")

    def after(self, operation: AnyOperation, error: SpekoError) -> str | None:
        """The tool to call next, or None when no tool helps."""
        if isinstance(error, Unauthorized | Forbidden):
            return _WHO
        if isinstance(error, InvalidInput):
            return operation.tool.name if operation.tool else None
        if isinstance(error, NotFound) and "agent_id" in operation.input.model_fields:
            return self._lists.get("agents")
        if isinstance(error, NotFound | Conflict):
            return self._lists.get(operation.resource)
        if isinstance(error, InsufficientCredits):
            return self._credits
        return None


def expected(operation: AnyOperation, error: SpekoError, next_tools: NextTools) -> ToolResult:
    """The answer to a failure with a sentence of ours."""
    return refused(_tool_name(operation), error, next_tools.after(operation, error))


def refused(tool: str, error: SpekoError, next_tool: str | None) -> ToolResult:
    """The answer to a failure with a sentence of ours, and the tool that helps."""
    # A client that mends the request may send it again; a refusal by state or scope stays one.
    retry = error.retryable or isinstance(error, InvalidInput)
    details: JsonObject = {"code": error.code, "message": error.message, "retryable": retry}
    if error.fields:
        details["fields"] = [{"field": problem.field, "problem": problem.problem} for problem in error.fields]
    if error.retry_after_s is not None:
        details["retry_after_s"] = error.retry_after_s
    if error.hint:
        details["hint"] = error.hint
    if next_tool:
        details["next_tool"] = next_tool
    return failure(tool, details)


def unexpected(tool: str, error: Exception) -> ToolResult:
    """The answer to a bug: a reference in place of the text, which is logged in full."""
    reference = new_id("err")
    log.error("tool failed", exc_info=error, extra={"tool": tool, "reference": reference})
    message = f"Something went wrong on our side. Reference {reference}."
    hint = "Try once more; if it fails again, report the reference."
    return failure(tool, {"code": "INTERNAL_ERROR", "message": message, "retryable": True, "hint": hint})


def unknown_tool(name: str, known: Iterable[str]) -> ToolResult:
    """The answer to a name that is no tool: the nearest one that is."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}?" if close else "Call search_tools to find one."
    details: JsonObject = {"code": "UNKNOWN_TOOL", "message": "There is no tool with this name.", "retryable": False}
    return failure(name[:80], {**details, "hint": hint, **({"next_tool": close[0]} if close else {})})


def failure(tool: str, details: JsonObject) -> ToolResult:
    """A tool error: prose for the model, the same facts as structured content."""
    text = TextContent(type="text", text=_prose(tool, details))
    return ToolResult(content=[text], structured_content={"error": details}, is_error=True)


def _prose(tool: str, details: JsonObject) -> str:
    lines = [f"{tool} failed ({details['code']}): {details['message']}"]
    fields = details.get("fields")
    for problem in fields if isinstance(fields, list) else ():
        if isinstance(problem, dict):
            lines.append(f"- {problem['field'] or 'request'}: {problem['problem']}")
    if details.get("hint"):
        lines.append(f"Hint: {details['hint']}")
    lines.append(_retry_line(details))
    if details.get("next_tool"):
        lines.append(f"Next tool: {details['next_tool']}")
    return "\n".join(lines)


def _retry_line(details: JsonObject) -> str:
    if not details["retryable"]:
        return "Retry: no, the same request will fail again."
    if details["code"] == "VALIDATION_ERROR":
        return "Retry: yes, with the fields corrected."
    wait = details.get("retry_after_s")
    return f"Retry: yes, after {wait} s." if wait is not None else "Retry: yes."


def _tool_name(operation: AnyOperation) -> str:
    return operation.tool.name if operation.tool else operation.id
