"""What the emitters share."""

from speko_core.migration.neutral import Agent, Endpoint, Tool
from speko_core.types import JsonObject, JsonValue


def without_nothing(value: JsonObject) -> JsonObject:
    """The document without what is not set: null, and objects and lists that have nothing in them."""
    made: JsonObject = {}
    for name, item in value.items():
        kept = _kept(item)
        if kept not in (None, {}, []):
            made[name] = kept
    return made


def _kept(item: JsonValue) -> JsonValue:
    if isinstance(item, dict):
        return without_nothing(item)
    return [_kept(one) for one in item] if isinstance(item, list) else item


def headers_of(endpoint: Endpoint) -> JsonObject:
    """Headers whose values are known; credentials are not, so they have to be set there again."""
    return {header.name: header.value for header in endpoint.headers if not header.secret}


def server_name(tool: Tool) -> str:
    """What the customer's server calls the tool."""
    return (tool.endpoint.tool_name if tool.endpoint else None) or tool.name


def extraction_schema(agent: Agent) -> JsonObject:
    """Extraction fields as a JSON Schema."""
    properties: JsonObject = {}
    for field in agent.extraction:
        one: JsonObject = {"type": "string" if field.type == "enum" else field.type, "description": field.description}
        properties[field.name] = {**one, "enum": [*field.options]} if field.options else one
    return {"type": "object", "properties": properties}
