"""The tools of an Ultravox call: built in, stored, or with a server of their own."""

from speko_core.migration import tools
from speko_core.migration.neutral import Agent, Endpoint, Tool
from speko_core.migration.source import Node
from speko_core.types import JsonObject, JsonValue

_BUILTINS = {
    "hangUp": "end_call",
    "queryCorpus": "search_knowledge_base",
    "coldTransfer": "transfer",
    "warmTransfer": "transfer",
}
_OTHER_BUILTINS = {
    "leaveVoicemail": "Leaving a message is part of voicemail handling here, not a tool.",
    "playDtmfSounds": "Digits cannot be pressed by the agent here.",
}


def read_seconds(node: Node, target: str) -> float | None:
    """Read a duration such as `30s`."""
    text = node.text
    if text is None:
        return node.take_number(target)
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        node.mark("invalid", "Must be a duration such as 30s.")
        return None
    node.take_text(target)
    return seconds


def read_tool(agent: Agent, item: Node) -> None:
    """Read one selected tool."""
    name = item["toolName"].text
    kind = _BUILTINS.get(name or "")
    if name is not None and (kind or name in _OTHER_BUILTINS):
        item["toolName"].mark("mapped", target="tools.name")
        _builtin(agent, item, name, kind)
    elif item["temporaryTool"]:
        _temporary(agent, item, item["temporaryTool"])
    else:
        reason = "A tool stored at Ultravox, by name or id; export it too."
        tools.add_tool(agent, Tool(name=tools.tool_name(name or "stored_tool"), unmappable=reason))
        item.mark("needs_input", reason)
    item["authTokens"].mark("needs_input", "Set the tool's headers anew.", "tools.secret")
    item["parameterOverrides"].mark("approximated", "Sent as constants.", "tools.constants")


def _builtin(agent: Agent, item: Node, name: str, kind: str | None) -> None:
    if kind == "end_call":
        tools.end_call(agent)
    elif kind == "search_knowledge_base":
        text = "Search the knowledge base."
        tools.add_tool(agent, Tool(name=kind, description=text, kind="builtin", builtin="search_knowledge_base"))
        item["parameterOverrides"].mark("needs_input", "", "knowledge")
    else:
        reason = _OTHER_BUILTINS.get(name, "Its destination is in the call's overrides; list it here.")
        tools.add_tool(agent, Tool(name=tools.tool_name(name), unmappable=reason))
        item["toolName"].revise(reason)


def _temporary(agent: Agent, item: Node, tool: Node) -> None:
    properties: JsonObject = {}
    required: list[JsonValue] = []
    for row in tool["dynamicParameters"].items():
        name = row["name"].text or "value"
        properties[name] = row["schema"].json or {}
        if row["required"].json is True:
            required.append(name)
        row.mark("mapped", target="tools.parameters")
    constants: JsonObject = {}
    query: JsonObject = {}
    for row in [*tool["dynamicParameters"].items(), *tool["staticParameters"].items()]:
        if row["location"].text == "PARAMETER_LOCATION_QUERY":
            query[row["name"].text or "value"] = "{{" + (row["name"].text or "value") + "}}"
    for row in tool["staticParameters"].items():
        constants[row["name"].text or "value"] = row["value"].json
        row.mark("mapped", target="tools.constants")
    tool["automaticParameters"].mark("approximated", "Ids of the call arrive in the headers here.", "tools.constants")
    parameters: JsonObject = {"type": "object", "properties": properties}
    if required:
        parameters["required"] = required
    http = tool["http"]
    timeout = read_seconds(tool["timeout"], "tools.timeoutMs")
    endpoint = None
    if http["baseUrlPattern"].text:
        endpoint = Endpoint(
            url=http["baseUrlPattern"].take_text("tools.url") or "",
            method=(http["httpMethod"].take_text("tools.method") or "POST").upper(),
            constants=constants,
            query=query,
            timeout_ms=int(timeout * 1000) if timeout else None,
            payload_format="ultravox",
        )
    named = item["nameOverride"] if item["nameOverride"].text else tool["modelToolName"]
    made = Tool(
        name=tools.take_name(named, "tool"),
        description=tool["description"].take_text("tools.description")
        or item["descriptionOverride"].take_text("tools.description")
        or "",
        parameters=parameters,
        kind="webhook" if endpoint else "inline",
        endpoint=endpoint,
    )
    tool["requirements"].mark("needs_input", "Set the tool's headers anew.", "tools.secret")
    tool["client"].mark("mapped", target="tools.kind")
    tool["precomputable"].mark("ignored", "Tools are called when they are needed.")
    tools.add_tool(agent, made)
