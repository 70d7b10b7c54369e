"""Calling a customer's endpoint for a tool: signed, bounded in time and size, its answer kept apart as data."""

import json
from dataclasses import dataclass

import httpx

from speko_core.agents.secrets import reveal
from speko_core.deps import Deps
from speko_core.migration.build import ToolAdapter
from speko_core.migration.envelopes import ServerRequest, answer_text, server_request
from speko_core.migration.envelopes import ToolCall as EnvelopeCall
from speko_core.outbound.exchange import Answer, ExchangeFailed, exchange
from speko_core.outbound.urls import url_problem
from speko_core.toolrun.keys import message_id
from speko_core.toolrun.outcome import Outcome, answered, failed
from speko_core.toolrun.tool import RunnableTool
from speko_core.tools.sources import WebhookShown
from speko_core.types import JsonObject, JsonValue
from speko_core.webhooks.organization_secret import signing_secrets
from speko_core.webhooks.signing import signed_headers

DEFAULT_TIMEOUT_S = 4.0
# An asynchronous endpoint keeps nobody waiting, so it may take its time.
ASYNC_TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 262_144


@dataclass(frozen=True)
class WebhookCall:
    """One call of one webhook tool."""

    organization_id: str
    tool: RunnableTool
    source: WebhookShown
    call_id: str
    arguments: JsonObject
    key: str
    session_id: str | None

    @property
    def adapter(self) -> ToolAdapter:
        """How the endpoint wants to be called."""
        return adapter_of(self.tool.name, self.source)

    @property
    def envelope(self) -> EnvelopeCall:
        """The call as the envelopes take it."""
        return EnvelopeCall(
            self.call_id, self.source.remote_name or self.tool.name, self.arguments, self.session_id or ""
        )

    @property
    def timeout_s(self) -> float:
        """How long the endpoint has."""
        usual = ASYNC_TIMEOUT_S if self.source.response_mode == "async" else DEFAULT_TIMEOUT_S
        return self.source.timeout_ms / 1000 if self.source.timeout_ms else usual


def adapter_of(name: str, source: WebhookShown) -> ToolAdapter:
    """How the endpoint of a tool wants to be called."""
    return ToolAdapter(
        tool=name,
        payload_format=source.payload_format or "plain",
        method=source.method or "POST",
        query=source.query or {},
        constants=source.constants or {},
        body=source.body,
    )


async def call_webhook(deps: Deps, call: WebhookCall) -> Outcome:
    """Make the request and put its answer into words for the model. Failures are told, never raised."""
    wanted = server_request(call.adapter, call.source.url, call.envelope)
    problem = url_problem(wanted.url, allow_insecure=deps.settings.allow_insecure_webhooks)
    if problem:
        return failed(f"The tool was not called: its URL {problem}.")
    headers = await _headers(deps, call)
    if isinstance(headers, Outcome):
        return headers
    request = await _request(deps, call, wanted, headers)
    try:
        answer = await exchange(deps.outbound, request, total_s=call.timeout_s, max_bytes=MAX_ANSWER_BYTES)
    except ExchangeFailed as error:
        return failed(f"The tool {call.tool.name} failed: {error}.")
    return _told(call, answer)


async def _headers(deps: Deps, call: WebhookCall) -> dict[str, str] | Outcome:
    """The configured headers, the secret ones among them."""
    refs = {header.secret_ref: header.name for header in call.source.auth_headers or []}
    values: dict[str, str] = {}
    if refs and call.tool.agent_id:
        async with deps.database.transaction(call.organization_id, read_only=True) as db:
            values = await reveal(db, deps.secrets, call.tool.agent_id, refs)
    missing = [name for ref, name in refs.items() if ref not in values]
    if missing:
        return failed(f"The tool was not called: its header {missing[0]} has no value yet.")
    configured = {**(call.source.headers or {}), **{refs[ref]: value for ref, value in values.items()}}
    return {name.lower(): value for name, value in configured.items()}


async def _request(deps: Deps, call: WebhookCall, wanted: ServerRequest, headers: dict[str, str]) -> httpx.Request:
    body = b"" if wanted.body is None else json.dumps(wanted.body, ensure_ascii=False).encode()
    secrets = await _signing(deps, call)
    signature = signed_headers(secrets, message_id(call.key), deps.clock.now(), body)
    kind = {"content-type": "application/json"} if body else {}
    url = httpx.URL(wanted.url).copy_merge_params(wanted.query)
    return deps.outbound.build_request(
        wanted.method, url, content=body or None, headers={**kind, **headers, **signature}
    )


async def _signing(deps: Deps, call: WebhookCall) -> list[str]:
    """The tool's own secret, or else the organization's."""
    if call.tool.agent_id:
        async with deps.database.transaction(call.organization_id, read_only=True) as db:
            own = await reveal(db, deps.secrets, call.tool.agent_id, [call.source.secret_ref])
        if own:
            return list(own.values())
    return await signing_secrets(deps, call.organization_id)


def _told(call: WebhookCall, answer: Answer) -> Outcome:
    text = answer_text(call.adapter, call.envelope, _parsed(answer.body))
    if answer.ok:
        return answered(call.tool.name, text)
    return answered(call.tool.name, text, problem=f"The tool {call.tool.name} failed: HTTP status {answer.status}.")


def _parsed(body: bytes) -> JsonValue:
    text = body.decode("utf-8", "replace").strip()
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
