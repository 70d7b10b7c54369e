"""Retell's tools."""

from speko_core.migration import tools
from speko_core.migration.neutral import Agent, Endpoint, Tool, Transfer
from speko_core.migration.source import Node

_UNMAPPABLE = {
    "press_digit": "Digits cannot be pressed by the agent here.",
    "check_availability_cal": "An action in a calendar; install that integration here.",
    "book_appointment_cal": "An action in a calendar; install that integration here.",
    "integration_app": "An action in another product; install that integration here.",
    "agent_swap": "Another agent by id; migrate that agent too.",
    "send_sms": "Text messages are not sent by the agent here.",
    "extract_dynamic_variable": "Values are extracted after the call here, not during it.",
    "code": "Code does not run here; put it behind a webhook.",
    "mcp": "Add the MCP server to the agent: docs/mcp-servers.md.",
    "bridge_transfer": "Part of a warm transfer here.",
    "cancel_transfer": "Part of a warm transfer here.",
    "shared": "Refers to a tool stored at Retell; export it too.",
}


def read_tools(agent: Agent, items: list[Node]) -> list[str]:
    """Every tool of a list; answers their names here."""
    names = []
    for item in items:
        kind = item["type"].text or ""
        item["tool_id"].mark("ignored", "Metadata of Retell's database.")
        if kind == "custom":
            names.append(_custom(agent, item))
        elif kind == "end_call":
            names.append("end_call")
            _end_call(agent, item)
        elif kind == "transfer_call":
            names.append("transfer_call")
            read_transfer(agent, item)
        else:
            names.append(_other(agent, item, kind))
        item["type"].mark("mapped", target="tools.kind")
    return names


def _custom(agent: Agent, item: Node) -> str:
    plain = item["args_at_root"].json is True
    item["args_at_root"].mark("mapped", target="tools.payloadFormat")
    timeout = item["timeout_ms"].take_number("tools.timeoutMs")
    method = item["method"].take_text("tools.method") or "POST"
    query = {name: field.take("tools.query") for name, field in item["query_params"].fields()}
    tool = Tool(
        name=tools.take_name(item["name"], "custom"),
        description=item["description"].take_text("tools.description") or "",
        parameters=tools.take_schema(item["parameters"]),
        kind="webhook",
        endpoint=Endpoint(
            url=item["url"].take_text("tools.url") or "",
            method=method.upper(),
            headers=tools.take_headers(item["headers"]),
            query=query,
            timeout_ms=int(timeout) if timeout and timeout > 0 else None,
            payload_format="plain" if plain else "retell",
            tool_name=None if plain else item["name"].text,
        ),
        speech=item["execution_message_description"].take_text("tools.speech"),
    )
    for key in ("speak_during_execution", "speak_after_execution", "execution_message_type", "execution_message",
                "enable_typing_sound"):  # fmt: skip
        item[key].mark("approximated", "", "tools.speech")
    item["response_variables"].mark("approximated", "", "tools.response")
    item["parameter_type"].mark("ignored", "Arguments are always JSON here.")
    tools.add_tool(agent, tool)
    return tool.name


def _end_call(agent: Agent, item: Node) -> None:
    item["name"].mark("mapped", target="endCall.enabled")
    tools.end_call(agent, item["description"].take_text("tools.description") or "")
    item.mark("approximated", "", "tools.speech")


def read_transfer(agent: Agent, item: Node) -> str | None:
    """A transfer, as a tool or as a node: a fixed number, or one the model works out."""
    destination = item["transfer_destination"]
    option = item.at("transfer_option", "type").text or ""
    number = destination["number"] if destination["number"] else item["number"]
    to = number.take_text("transfers.to")
    prompt = destination["prompt"].take_text("transfers.description")
    description = item["description"].take_text("transfers.description") or prompt or item["name"].text or ""
    destination["type"].mark("mapped", target="transfers.kind")
    item.at("transfer_option", "type").mark("mapped", target="transfers.mode")
    item["name"].mark("mapped", target="transfers.name")
    item["transfer_option"].mark("approximated", "A detail of that transfer.", "transfers.mode")
    destination.mark("approximated", "A detail of that destination.", "transfers.to")
    if to is None and destination["type"].text == "inferred":
        destination["type"].revise("The model may only transfer to numbers that are listed here.")
    agent.transfers.append(Transfer(to=to or "", description=description, mode="warm" if "warm" in option else "blind"))
    for key in ("speak_during_execution", "execution_message_description", "execution_message_type"):
        item[key].mark("approximated", "", "tools.speech")
    return to


def _other(agent: Agent, item: Node, kind: str) -> str:
    reason = _UNMAPPABLE.get(kind)
    name = tools.tool_name(item["name"].text or kind)
    tools.add_tool(
        agent,
        Tool(name=name, description=item["description"].text or "", unmappable=reason or "Not a tool type of Retell."),
    )
    item.mark("unsupported" if reason else "invalid", reason or "Not a tool type of Retell.")
    return name
