"""The tools of a Bolna agent, and its transfers, which are tools there."""

from speko_core.errors import InvalidInput
from speko_core.migration import tools
from speko_core.migration.json_documents import parse_json
from speko_core.migration.neutral import (
    Agent,
    Endpoint,
    Header,
    Tool,
    Transfer,
)
from speko_core.migration.source import Node, Source


def read_tools(agent: Agent, node: Node) -> None:
    """Read the tools, given as a list or as JSON in a text, each with its parameters."""
    listed = node["tools"]
    if isinstance(listed.json, str) and listed.json:
        try:
            value = parse_json(listed.json, "tools")
        except InvalidInput:
            listed.mark("invalid", "Must be a list of tools, or JSON text of one.")
            return
        items = Source(value).root.items()
        listed.approximated("A list written as text.", "tools")
    else:
        items = listed.items()
    for item in items:
        name = item["name"].text or "tool"
        _tool(agent, item, node["tools_params"][name])


def _tool(agent: Agent, item: Node, params: Node) -> None:
    number = params.at("param", "call_transfer_number")
    key = item["key"].take_text("tools.kind") or ""
    if key.startswith("transfer_call") or number:
        _transfer(agent, item, params, number)
        return
    token = params["api_token"]
    headers = tools.take_headers(params["headers"])
    token.mark("needs_input", "A stored token; set the header anew.", "tools.secret")
    if token.text and not any(header.name.lower() == "authorization" for header in headers):
        headers.append(Header(name="Authorization", value=token.text, secret=True))
    body = params["param"]
    speech = item["pre_call_message"].take_text("tools.speech")
    tool = Tool(
        name=tools.take_name(item["name"], "custom_task"),
        description=item["description"].take_text("tools.description") or "",
        parameters=tools.take_schema(item["parameters"]),
        kind="webhook" if params["url"].text else "inline",
        endpoint=Endpoint(
            url=params["url"].take_text("tools.url") or "",
            method=(params["method"].take_text("tools.method") or "POST").upper(),
            headers=headers,
            body=body.take("tools.body"),
            payload_format="bolna",
        ),
        speech=speech or params["pre_call_message"].take_text("tools.speech"),
    )
    params["pre_call_message"].mark("approximated", "", "tools.speech")
    tools.add_tool(agent, tool)


def _transfer(agent: Agent, item: Node, params: Node, number: Node) -> None:
    to = number.take_text("transfers.to") or params["call_transfer_number"].take_text("transfers.to") or ""
    agent.transfers.append(Transfer(to=to, description=item["description"].take_text("transfers.description") or ""))
    item.mark("approximated", "The built-in transfer tool has its own name and arguments.", "transfers")
    params.mark("approximated", "The built-in transfer tool has its own name and arguments.", "transfers")
