"""Vapi's tools: functions on the customer's server, HTTP requests, transfers, built-ins, integrations."""

from speko_core.migration import tools
from speko_core.migration.neutral import Agent, Endpoint, Header, Knowledge, Tool, Transfer
from speko_core.migration.readers.base import words
from speko_core.migration.secret_signs import is_sensitive_header
from speko_core.migration.source import Node
from speko_core.types import JsonObject

TOOL_TYPES = words(
    """function apiRequest transferCall endCall query dtmf sms voicemail handoff mcp code bash computer textEditor
    output sipRequest slack.message.send make ghl google.calendar.event.create google.calendar.availability.check
    google.sheets.row.append gohighlevel.calendar.event.create gohighlevel.calendar.availability.check
    gohighlevel.contact.create gohighlevel.contact.get"""
)
_MESSAGES = "request-start"
_INTEGRATION = "An action in another product; install that integration here and choose its action."
_UNMAPPABLE = {
    "dtmf": "Digits cannot be pressed by the agent here.",
    "sms": "Text messages are not sent by the agent here.",
    "voicemail": "Leaving a message is part of voicemail handling here, not a tool.",
    "mcp": "Add the MCP server to the agent: docs/mcp-servers.md.",
    "code": "Code does not run here; put it behind a webhook.",
    "bash": "A shell does not run here.",
    "computer": "A computer is not controlled here.",
    "textEditor": "Files are not edited here.",
    "output": "Answers of the model are not post-processed here.",
    "sipRequest": "SIP requests are not sent by the agent here.",
}


def read_tools(agent: Agent, items: list[Node], server: Node | None) -> None:
    """Every tool of a list; functions without a server of their own inherit the assistant's."""
    for item in items:
        kind = item["type"].text or ("function" if item["function"] else "")
        if kind == "transferCall":
            _transfers(agent, item)
        elif kind == "endCall":
            tools.end_call(agent, item.at("function", "description").take_text("tools.description") or "")
        elif kind == "apiRequest":
            _api_request(agent, item)
        elif kind == "query":
            _query(agent, item)
        elif kind == "handoff":
            item.mark("approximated", "", "handoffs")
        elif kind == "function":
            _function(agent, item, server)
        else:
            _other(agent, item, kind)
        item["async"].mark(
            "approximated", "Waits for the answer unless the webhook says otherwise.", "tools.responseMode"
        )
        item["messages"].mark("approximated", "", "tools.speech")
        item["type"].mark("mapped", target="tools.kind")


def _function(agent: Agent, item: Node, server: Node | None) -> None:
    function = item["function"]
    url = item.at("server", "url").take_text("tools.url")
    inherited = server["url"].text if server is not None and not url else None
    endpoint = None
    if url or inherited:
        endpoint = Endpoint(
            url=url or inherited or "",
            payload_format="vapi",
            tool_name=function["name"].text,
            headers=tools.take_headers(item.at("server", "headers")),
            timeout_ms=_milliseconds(item.at("server", "timeoutSeconds")),
            runs_async=item["async"].json is True,
        )
        item["async"].mark("mapped", target="tools.responseMode")
    function["strict"].mark("ignored", "Arguments are always checked against the schema here.")
    tool = Tool(
        name=tools.take_name(function["name"], "function"),
        description=function["description"].take_text("tools.description") or "",
        parameters=tools.take_schema(function["parameters"]),
        kind="webhook" if endpoint else "inline",
        endpoint=endpoint,
        speech=_speech(item),
        unmappable=None if endpoint else "It has no server: give it a URL, or run it in your own code.",
    )
    item.at("server", "secret").mark("needs_input", "Tool calls are signed here; set a new secret.", "tools.secret")
    item.at("server", "credentialId").mark("needs_input", "Refers to a credential stored at Vapi.", "tools.secret")
    tools.add_tool(agent, tool)


def _speech(item: Node) -> str | None:
    for message in item["messages"].items():
        if message["type"].text == _MESSAGES:
            return message["content"].text
    return None


def _milliseconds(node: Node) -> int | None:
    seconds = node.take_number("tools.timeoutMs", factor=1000)
    return int(seconds) if seconds and 0 < seconds <= 600_000 else None


def _api_request(agent: Agent, item: Node) -> None:
    headers: JsonObject = {}
    for name, field in item.at("headers", "properties").fields():
        headers[name] = field["value"].take("tools.headers") or field["default"].take("tools.headers")
    endpoint = Endpoint(
        url=item["url"].take_text("tools.url") or "",
        method=(item["method"].take_text("tools.method") or "POST").upper(),
        headers=[
            Header(name=name, value=str(value), secret=is_sensitive_header(name)) for name, value in headers.items()
        ],
        timeout_ms=_milliseconds(item["timeoutSeconds"]),
    )
    tool = Tool(
        name=tools.take_name(
            item.at("function", "name") if item.at("function", "name") else item["name"], "api_request"
        ),
        description=item["description"].take_text("tools.description")
        or item.at("function", "description").take_text("tools.description")
        or "",
        parameters=tools.take_schema(item["body"]),
        kind="webhook",
        endpoint=endpoint,
        speech=_speech(item),
    )
    item["headers"].mark("approximated", "Only fixed header values are kept.", "tools.headers")
    tools.add_tool(agent, tool)


def _transfers(agent: Agent, item: Node) -> None:
    for destination in item["destinations"].items():
        kind = destination["type"].take_text("transfers.kind") or "number"
        if kind == "assistant":
            destination.mark("approximated", "", "handoffs")
            continue
        place = destination["sipUri"] if kind == "sip" else destination["number"]
        to = place.take_text("transfers.to")
        plan = destination.at("transferPlan", "mode")
        mode = plan.take_text("transfers.mode") or ""
        agent.transfers.append(
            Transfer(
                to=to or "",
                description=destination["description"].take_text("transfers.description") or "",
                mode="warm" if mode.startswith("warm") else "blind",
                message=destination["message"].take_text("transfers.message"),
            )
        )
        destination.mark("approximated", "A detail of that transfer plan.", "transfers")
    if not item["destinations"].items():
        item["destinations"].mark("unsupported", "Your server chose the destination during the call; list them here.")
    item["function"].mark("approximated", "The built-in transfer tool has its own name and arguments.", "transfers")


def _query(agent: Agent, item: Node) -> None:
    for base in item["knowledgeBases"].items():
        agent.knowledge.append(Knowledge(name=base["name"].text or "knowledge"))
        base.mark("needs_input", "", "knowledge")
    description = item.at("function", "description").take_text("tools.description")
    item.at("function", "name").mark("approximated", "Named search_knowledge_base here.", "tools.name")
    text = description or "Search the knowledge base."
    tools.add_tool(
        agent, Tool(name="search_knowledge_base", description=text, kind="builtin", builtin="search_knowledge_base")
    )


def _other(agent: Agent, item: Node, kind: str) -> None:
    known = kind in TOOL_TYPES
    reason = _UNMAPPABLE.get(kind, _INTEGRATION if known else "Not a tool type of Vapi.")
    name = tools.tool_name(item.at("function", "name").text or item["name"].text or kind)
    tools.add_tool(agent, Tool(name=name, description=item.at("function", "description").text or "", unmappable=reason))
    item.mark("unsupported" if known else "invalid", reason)
