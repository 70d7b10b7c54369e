"""ElevenLabs' tools. A property of an argument is filled by the model, by a variable or by a constant; exports write
the two that are not used as empty texts.
"""

from speko_core.migration import tools
from speko_core.migration.neutral import Agent, Endpoint, Tool, Transfer
from speko_core.migration.source import Node
from speko_core.migration.variables import adopt
from speko_core.types import JsonObject

_SYSTEM_OTHER = {
    "language_detection": "One agent speaks one language here.",
    "skip_turn": "Turn taking decides when the agent is silent.",
    "play_keypad_touch_tone": "Digits cannot be pressed by the agent here.",
    "voicemail_detection": "Machines are detected when the call is dialled, not by a tool.",
    "transfer_to_agent": "Another agent by id; migrate that agent too.",
}
_PLACES = ("path_params_schema", "query_params_schema", "request_body_schema")


def read_tools(agent: Agent, items: list[Node]) -> None:
    """Inline tools of the prompt, or one stored tool."""
    for item in items:
        kind = item["type"].text
        if kind == "system":
            _system(agent, item)
        elif kind == "webhook" or item["api_schema"]:
            _webhook(agent, item)
        elif kind == "client":
            _client(agent, item)
        else:
            reason = "Add the MCP server to the agent: docs/mcp-servers.md." if kind == "mcp" else "Not a kind of tool."
            name = tools.tool_name(item["name"].text)
            tools.add_tool(agent, Tool(name=name, description=item["description"].text or "", unmappable=reason))
            item.mark("unsupported", reason)
        _details(item)
        item["type"].mark("mapped", target="tools.kind")


def read_builtins(agent: Agent, node: Node) -> None:
    """The object of built-in tools; null means off."""
    for name, item in node.fields():
        if item.is_object:
            _system(agent, item, name)
            _details(item)


def _details(item: Node) -> None:
    for key in ("disable_interruptions", "force_pre_tool_speech", "pre_tool_speech", "tool_call_sound",
                "tool_call_sound_behavior", "execution_mode", "interruption_mode"):  # fmt: skip
        item[key].mark("approximated", "", "tools.speech")
    item["assignments"].mark("approximated", "", "tools.response")
    item["tool_error_handling_mode"].mark("ignored", "Errors always go to the model in words.")


def _system(agent: Agent, item: Node, name: str = "") -> None:
    kind = item.at("params", "system_tool_type").text or name or item["name"].text or ""
    description = item["description"].take_text("tools.description") or ""
    for key in ("name", "type"):
        item[key].mark("mapped", target="tools.name")
    item.at("params", "system_tool_type").mark("mapped", target="tools.name")
    item["response_timeout_secs"].mark("ignored", "Built-in tools have no time limit.")
    if kind == "end_call":
        tools.end_call(agent, description)
    elif kind == "transfer_to_number":
        _transfers(agent, item)
    else:
        reason = _SYSTEM_OTHER.get(kind, "A built-in tool without a counterpart.")
        if not any(tool.name == tools.tool_name(kind) for tool in agent.tools):
            tools.add_tool(agent, Tool(name=tools.tool_name(kind), description=description, unmappable=reason))
        item["params"].mark("unsupported", reason)


def _transfers(agent: Agent, item: Node) -> None:
    for row in item.at("params", "transfers").items():
        place = row.at("transfer_destination", "phone_number")
        place = place if place else row.at("transfer_destination", "sip_uri")
        place = place if place else row["phone_number"]
        to = place.take_text("transfers.to")
        mode = row["transfer_type"].take_text("transfers.mode")
        condition = row["condition"].take_text("transfers.description") or ""
        agent.transfers.append(
            Transfer(to=to or "", description=condition, mode="warm" if mode == "conference" else "blind")
        )
        row.mark("approximated", "A detail of that transfer.", "transfers")
    item["params"].mark("approximated", "A detail of the transfers.", "transfers")


def _client(agent: Agent, item: Node) -> None:
    item["expects_response"].mark("approximated", "An inline tool always waits for its answer.", "tools.kind")
    item["response_timeout_secs"].mark("ignored", "Your own code decides how long it takes.")
    tool = Tool(
        name=tools.take_name(item["name"], "client"),
        description=item["description"].take_text("tools.description") or "",
        parameters=tools.take_schema(item["parameters"]),
    )
    tools.add_tool(agent, tool)


def _webhook(agent: Agent, item: Node) -> None:
    schema = item["api_schema"]
    properties: JsonObject = {}
    required: list[str] = []
    constants: JsonObject = {}
    for place in _PLACES:
        _parameters(agent, schema[place], properties, required, constants)
    timeout = item["response_timeout_secs"].take_number("tools.timeoutMs", factor=1000)
    parameters: JsonObject = {"type": "object", "properties": properties}
    if required:
        parameters["required"] = list(dict.fromkeys(required))
    in_query = schema["query_params_schema"]
    listed = (in_query["properties"] if in_query["properties"] else in_query).fields()
    endpoint = Endpoint(
        url=schema["url"].take_text("tools.url") or "",
        query={name: "{{" + name + "}}" for name, field in listed if field.is_object},
        method=(schema["method"].take_text("tools.method") or "GET").upper(),
        headers=tools.take_headers(schema["request_headers"]),
        constants=constants,
        timeout_ms=int(timeout) if timeout else None,
        payload_format="elevenlabs",
    )
    schema["content_type"].mark("mapped", target="tools.contentType")
    schema["auth_connection"].mark("needs_input", "Refers to a connection stored at ElevenLabs.", "tools.secret")
    item.at("dynamic_variables", "dynamic_variable_placeholders").mark("approximated", "", "variables")
    tool = Tool(
        name=tools.take_name(item["name"], "webhook"),
        description=item["description"].take_text("tools.description") or "",
        parameters=parameters,
        kind="webhook",
        endpoint=endpoint,
    )
    tools.add_tool(agent, tool)


def _parameters(agent: Agent, place: Node, properties: JsonObject, required: list[str], constants: JsonObject) -> None:
    listed = place["properties"] if place["properties"] else place
    for key in ("type", "description", "id"):
        place[key].mark("mapped" if key == "type" else "approximated", "", "tools.parameters")
    for name, field in listed.fields() if listed.is_object else []:
        if field.is_object:
            _parameter(agent, name, field, properties, constants)
    required += [name for name in place["required"].take_texts("tools.parameters") if name not in constants]


def _parameter(agent: Agent, name: str, field: Node, properties: JsonObject, constants: JsonObject) -> None:
    variable, constant = field["dynamic_variable"].text, field["constant_value"]
    if variable:
        field.mark("mapped", "", "tools.constants")
        constants[name] = adopt(agent, "{{" + variable + "}}", field.revise)
        return
    if constant.json not in (None, ""):
        wordy = isinstance(constant.json, str) and len(constant.json.split()) > 4
        reason = "Looks like a description and would be sent word for word." if wordy else ""
        field.mark("approximated" if wordy else "mapped", reason, "tools.constants")
        constants[name] = constant.json
        return
    if isinstance(field.json, dict):
        field.mark("mapped", target="tools.parameters")
        properties[name] = {key: value for key, value in field.json.items() if value != "" and key != "id"}
