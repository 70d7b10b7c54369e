"""Variables of a session in the fixed values of its tools, filled in when the plan is frozen. Pure.

A tool's `constants` never pass the model, so this is how a call tells an endpoint whose it is: `{"customer":
"{{customer_id}}"}`. A name that nobody gave a value stays as it is written.
"""

import re
from collections.abc import Mapping

from speko_core.agents.schemas import AgentRow
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.sessions.frame import Frame
from speko_core.sessions.variables import system_variables, values_of
from speko_core.types import JsonObject, JsonValue

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w.]{0,63})\s*\}\}")


def tools_with_values(
    frame: Frame, data: SessionCreate, agent: AgentRow | None, language: str
) -> dict[str, JsonObject]:
    """The session's tools, each constant with the values of the variables it names."""
    system = system_variables(frame.session_id, agent, language, frame.environment, frame.now)
    values = values_of(data.variables, agent, system)
    return {name: _filled_tool(tool, values) for name, tool in frame.tools.items()}


def _filled_tool(tool: JsonObject, values: Mapping[str, str]) -> JsonObject:
    source = tool.get("source")
    constants = source.get("constants") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(constants, dict):
        return tool
    return {**tool, "source": {**source, "constants": _filled(constants, values)}}


def _filled(value: JsonValue, values: Mapping[str, str]) -> JsonValue:
    if isinstance(value, dict):
        return {name: _filled(one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    if not isinstance(value, str):
        return value
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group(0)), value)
