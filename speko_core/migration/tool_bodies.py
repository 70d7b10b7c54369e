"""Bodies of `POST /v1/agents/{id}/tools`, and the words in them."""

from speko_core.migration.neutral import Agent, Tool, Transfer
from speko_core.types import JsonObject

NO_ARGUMENTS: JsonObject = {"type": "object", "properties": {}}
_MAX_DESCRIPTION = 4_000


def builtin(name: str, description: str, config: JsonObject) -> JsonObject:
    """A tool of ours."""
    source: JsonObject = {"kind": "builtin", "name": name}
    if config:
        source["config"] = config
    return {"name": name, "description": description, "parameters": dict(NO_ARGUMENTS), "source": source}


def body(tool: Tool, source: JsonObject) -> JsonObject:
    """A tool with its own words."""
    body: JsonObject = {
        "name": tool.name,
        "description": tool.description[:_MAX_DESCRIPTION] or tool.name.replace("_", " "),
        "parameters": tool.parameters or dict(NO_ARGUMENTS),
        "source": source,
    }
    if tool.speech:
        body["preToolSpeech"] = "always"
    return body


def end_words(tool: Tool, agent: Agent) -> str:
    """What the tool that hangs up is told, with the goodbye of the source."""
    text = tool.description or tool.name
    if tool.builtin == "end_call":
        if agent.end_call.message:
            text += f" Before ending, say: {agent.end_call.message}"
        if agent.end_call.phrases:
            text += " End the call after you said one of: " + "; ".join(agent.end_call.phrases[:10]) + "."
    return text[:_MAX_DESCRIPTION]


def transfer_words(transfers: list[Transfer]) -> str:
    """What the built-in transfer is told: every destination and when it is meant."""
    named = [f"{transfer.to}: {transfer.description}" for transfer in transfers if transfer.description]
    return ("Transfer the call to a person. " + " ".join(named[:20]))[:_MAX_DESCRIPTION]
