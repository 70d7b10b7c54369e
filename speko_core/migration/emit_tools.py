"""Neutral tools as bodies of `POST /v1/agents/{id}/tools`, and how the customer's servers want to be called."""

import re

from speko_core.migration.acceptable import address_problem, tool_problem
from speko_core.migration.build import Key, ToolAdapter, Unmappable
from speko_core.migration.neutral import Agent, Endpoint, Tool, Transfer
from speko_core.migration.secrets import placeholder
from speko_core.migration.tool_bodies import body, builtin, end_words, transfer_words
from speko_core.types import JsonObject, JsonValue

_E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_SIP = re.compile(r"^sips?:[^\s@]+@[^\s@]+$")
_URL = re.compile(r"^https?://[^\s<>{}\[\]]+\.[^\s<>]+|^https?://localhost[:/]", re.IGNORECASE)
MAX_TOOLS = 100
MAX_DESTINATIONS = 20
MAX_TIMEOUT_MS = 30_000
RESERVED = frozenset({"host", "content-length", "connection", "transfer-encoding"})
_VARIABLE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_CALL_PATH = re.compile(r"\{([A-Za-z_]\w*)\}")


class ToolWriter:
    """Collects the tools of one agent and what a person must know about them.

    Every tool it keeps is one the API takes. `insecure_urls` is the installation's switch for development.
    """

    def __init__(self, *, insecure_urls: bool = False) -> None:
        self.tools: list[JsonObject] = []
        self.adapters: list[ToolAdapter] = []
        self.unmappable: list[Unmappable] = []
        self.keys: list[Key] = []
        self.warnings: list[str] = []
        self._insecure_urls = insecure_urls
        self._declared: set[str] = set()

    def write(self, agent: Agent) -> None:
        """Every tool of the agent, then the built-in transfer over all its destinations."""
        self._declared = {variable.name for variable in agent.variables if not variable.system}
        for tool in agent.tools:
            self._tool(tool, agent)
        if agent.transfers:
            self._transfers(agent.transfers)
        if agent.knowledge and not any(tool.builtin == "search_knowledge_base" for tool in agent.tools):
            text = "Search the knowledge base before answering questions about facts."
            self._keep(builtin("search_knowledge_base", text, {}))

    def _keep(self, wanted: JsonObject) -> bool:
        """Add a body the API takes; say why where it does not."""
        name = str(wanted["name"])
        taken = {str(tool["name"]) for tool in self.tools}
        if name in taken:
            name = next(free for at in range(2, MAX_TOOLS + 2) if (free := f"{name[:60]}_{at}") not in taken)
            self.warnings.append(f"Two tools are called {wanted['name']}; the second is {name} here.")
        problem = tool_problem({**wanted, "name": name}, insecure_urls=self._insecure_urls)
        if problem is None and len(self.tools) >= MAX_TOOLS:
            problem = f"An agent has at most {MAX_TOOLS} tools."
        if problem is None:
            self.tools.append({**wanted, "name": name})
            return True
        self.unmappable.append(Unmappable(name=name, reason=problem))
        return False

    def _tool(self, tool: Tool, agent: Agent) -> None:
        if tool.unmappable:
            self.unmappable.append(Unmappable(name=tool.name, reason=tool.unmappable))
            if tool.kind != "inline" or not tool.parameters:
                return
        if tool.kind == "builtin":
            self._keep(builtin(tool.builtin or tool.name, end_words(tool, agent), {}))
        elif tool.kind == "webhook" and tool.endpoint is not None:
            self._webhook(tool, tool.endpoint)
        else:
            self._keep(body(tool, {"kind": "inline"}))

    def _webhook(self, tool: Tool, endpoint: Endpoint) -> None:
        reason = self._address_reason(endpoint.url)
        if reason is not None:
            self.unmappable.append(Unmappable(name=tool.name, reason=reason))
            self._keep(body(tool, {"kind": "inline"}))
            return
        source = self._source(tool, endpoint)
        self._adapter(tool, endpoint, source)
        if self._keep(body(tool, source)):
            secret = f"{tool.name.upper()}_SIGNING_SECRET"
            self.keys.append(
                Key(name=secret, kind="signing_secret", pointer=None, reason=f"Signs calls of the tool {tool.name}.")
            )
        else:
            self._keep(body(tool, {"kind": "inline"}))

    def _address_reason(self, url: str) -> str | None:
        if not _URL.match(url):
            return "Its address is a placeholder; it stays an inline tool until it has a real https address."
        problem = address_problem(url, insecure_urls=self._insecure_urls)
        return f"Its address {problem}; it stays an inline tool until it has another." if problem else None

    def _source(self, tool: Tool, endpoint: Endpoint) -> JsonObject:
        secret = placeholder(f"{tool.name.upper()}_SIGNING_SECRET")
        source: JsonObject = {"kind": "webhook", "url": endpoint.url, "secret": secret}
        plain = {header.name: header.value for header in endpoint.headers if not header.secret}
        hidden = [header for header in endpoint.headers if header.secret]
        given = [name for name in plain if name.lower() in RESERVED or name.lower().startswith("webhook-")]
        if given:
            self.warnings.append(f"{tool.name}: the header {given[0]} is set by the product and was left out.")
        plain = {name: value for name, value in plain.items() if name not in given}
        if plain:
            source["headers"] = dict(plain)
        if hidden:
            source["authHeaders"] = [{"name": header.name, "value": header.value} for header in hidden]
        if endpoint.timeout_ms:
            source["timeoutMs"] = min(max(endpoint.timeout_ms, 100), MAX_TIMEOUT_MS)
            if endpoint.timeout_ms > MAX_TIMEOUT_MS:
                self.warnings.append(f"The server of {tool.name} has {MAX_TIMEOUT_MS // 1000} seconds here at most.")
        if endpoint.runs_async:
            source["responseMode"] = "async"
            source["asyncAck"] = (tool.speech or "")[:500] or "I am on it."
        return source

    def _adapter(self, tool: Tool, endpoint: Endpoint, source: JsonObject) -> None:
        """Let the tool make the request its server expects, where that is not ours."""
        simple = endpoint.payload_format == "plain" and endpoint.method == "POST" and endpoint.body is None
        if simple and not endpoint.query and not endpoint.constants:
            return
        self.adapters.append(
            ToolAdapter(
                tool=tool.name,
                payload_format=endpoint.payload_format,
                method=endpoint.method,
                query=endpoint.query,
                constants=endpoint.constants,
                body=endpoint.body,
            )
        )
        self._say_what_is_not_filled(tool, endpoint)
        shaped: JsonObject = {
            "payloadFormat": endpoint.payload_format if endpoint.payload_format != "plain" else None,
            "remoteName": endpoint.tool_name if endpoint.tool_name != tool.name else None,
            "method": endpoint.method if endpoint.method != "POST" else None,
            "query": endpoint.query or None,
            "constants": endpoint.constants or None,
            "body": endpoint.body,
        }
        source.update({name: value for name, value in shaped.items() if value is not None})
        parts = []
        if endpoint.payload_format != "plain":
            parts.append(f"the body of {endpoint.payload_format}")
        if endpoint.method != "POST":
            parts.append(f"the method {endpoint.method}")
        if endpoint.query or endpoint.constants or _CALL_PATH.search(endpoint.url):
            parts.append("values in its path, query or as constants")
        if parts:
            self.warnings.append(f"The server of {tool.name} expects {', '.join(parts)}; the tool sends that.")

    def _say_what_is_not_filled(self, tool: Tool, endpoint: Endpoint) -> None:
        named = {name for value in endpoint.constants.values() for name in _VARIABLE.findall(str(value))}
        unknown = sorted(name for name in named if name not in self._declared and not name.startswith("system."))
        if unknown:
            self.warnings.append(
                f"The server of {tool.name} got values that the old platform knew ({', '.join(unknown)}). Give them in "
                "`variables` when you create a session; without, they are sent as they are written."
            )

    def _transfers(self, transfers: list[Transfer]) -> None:
        destinations: list[JsonValue] = []
        for transfer in transfers:
            if not (_E164.match(transfer.to) or _SIP.match(transfer.to)):
                reason = "A destination is a placeholder or not a number with + and country code; fill it in."
                self.unmappable.append(Unmappable(name="transfer_call", reason=reason))
                continue
            destination: JsonObject = {"to": transfer.to, "mode": transfer.mode}
            if transfer.description:
                destination["description"] = transfer.description[:500]
            if transfer.message:
                destination["message"] = transfer.message[:500]
            destinations.append(destination)
        if destinations:
            config: JsonObject = {"destinations": destinations[:MAX_DESTINATIONS]}
            self._keep(builtin("transfer_call", transfer_words(transfers), config))
            if len(destinations) > MAX_DESTINATIONS:
                self.warnings.append(f"Only the first {MAX_DESTINATIONS} destinations of transfers are kept.")
