"""Running one call of one tool: checked, made once, recorded, and told to the model whatever happens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speko_core.deps import Deps
from speko_core.late import LateModule
from speko_core.ports.integrations import Action, IntegrationFailed
from speko_core.providers.base import ToolCall
from speko_core.toolrun.builtins import BuiltinCall, call_builtin
from speko_core.toolrun.keys import Keys
from speko_core.toolrun.outcome import Outcome, answered, failed
from speko_core.toolrun.record import Claim, claim, finish, outcome_of
from speko_core.toolrun.tool import RunnableTool
from speko_core.toolrun.webhook import WebhookCall, call_webhook
from speko_core.tools.sources import BuiltinShown, IntegrationShown, WebhookShown
from speko_core.types import JsonObject, JsonValue

if TYPE_CHECKING:
    from speko_core.tools import parameters
else:
    # JSON Schema and its patterns: ten megabytes that only calls of tools need.
    parameters = LateModule("speko_core.tools.parameters")

INTEGRATION_TIMEOUT_S = 10.0
# A repeated call waits this long for the outcome of the first.
REPEAT_WAIT_S = 35.0
JOB = "tools.call"


@dataclass(frozen=True)
class Place:
    """Where calls are made: the organization, and the session where there is one of ours.

    `linked` are the agents of the session's plan, name by id; None where there is no plan.
    """

    organization_id: str
    session_id: str | None = None
    session_kind: str | None = None
    linked: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Order:
    """One call, ready to be made."""

    tool: RunnableTool
    call_id: str
    arguments: JsonObject
    key: str


class ToolRunner:
    """Makes the calls of one request."""

    def __init__(self, deps: Deps, place: Place, keys: Keys) -> None:
        self._deps, self._place, self._keys = deps, place, keys

    def prepare(self, tool: RunnableTool, call: ToolCall) -> Order | Outcome:
        """The order, or why the call is not made, in words for the model. Keys are given in the order of the calls."""
        arguments = _arguments(call.args)
        if arguments is None:
            return failed(f"The tool {tool.name} was not called: its arguments are not a JSON object.")
        problems = parameters.argument_problems(tool.parameters, arguments)
        if problems:
            return failed(f"The tool {tool.name} was not called: its arguments are wrong. {'; '.join(problems)}.")
        return Order(tool, call.id, arguments, self._keys.key(self._place.organization_id, tool.name, arguments))

    async def run(self, order: Order) -> Outcome:
        """Make the call, or give the outcome of the same call made before."""
        simulation = order.tool.simulation
        if simulation is not None and simulation.mode == "mock":
            return answered(order.tool.name, _text(simulation.response))
        source = order.tool.source
        if isinstance(source, WebhookShown) and source.response_mode == "async":
            return await self._start(order, source)
        if self._place.session_id is None:
            return await make_call(self._deps, self._place, order)
        first = await self._claimed(order)
        # Ours change nothing by themselves: a repetition asks the conductor of the session for the same again.
        if not first and not isinstance(source, BuiltinShown):
            return await outcome_of(self._deps, self._place.organization_id, order.key, REPEAT_WAIT_S)
        outcome = await make_call(self._deps, self._place, order)
        if first:
            await finish(self._deps, self._place.organization_id, order.key, outcome)
        return outcome

    async def _claimed(self, order: Order) -> bool:
        async with self._deps.database.transaction(self._place.organization_id) as db:
            return await claim(self._deps, self._claim(order), db)

    async def _start(self, order: Order, source: WebhookShown) -> Outcome:
        """Leave the call to the job role, which makes it although we end; answer at once."""
        async with self._deps.database.transaction(self._place.organization_id) as db:
            first = self._place.session_id is None or await claim(self._deps, self._claim(order, True), db)
            if first:
                await self._deps.jobs.enqueue(JOB, _job(self._place, order), job_id=f"tool-{order.key}", within=db)
        return Outcome(source.async_ack or "The request was started.")

    def _claim(self, order: Order, asynchronous: bool = False) -> Claim:
        assert self._place.session_id is not None
        return Claim(
            self._place.organization_id,
            self._place.session_id,
            order.tool.agent_id,
            order.key,
            order.tool.name,
            order.tool.kind,
            json.dumps(order.arguments, ensure_ascii=False),
            asynchronous,
        )


async def make_call(deps: Deps, place: Place, order: Order) -> Outcome:
    """Make the call where the tool runs."""
    source = order.tool.source
    if isinstance(source, WebhookShown):
        call = WebhookCall(
            place.organization_id, order.tool, source, order.call_id, order.arguments, order.key, place.session_id
        )
        return await call_webhook(deps, call)
    if isinstance(source, BuiltinShown):
        builtin = BuiltinCall(
            place.organization_id,
            order.tool,
            source,
            order.arguments,
            place.session_id,
            place.session_kind,
            place.linked,
        )
        return await call_builtin(deps, builtin)
    if isinstance(source, IntegrationShown):
        return await _integrate(deps, place, order, source)
    return failed(f"The tool {order.tool.name} does not run here.")


async def _integrate(deps: Deps, place: Place, order: Order, source: IntegrationShown) -> Outcome:
    action = Action(source.installation_id, source.app_key, source.action_key, source.config or {})
    try:
        result = await deps.integrations.run(
            place.organization_id,
            action,
            order.arguments,
            idempotency_key=order.key,
            timeout_s=INTEGRATION_TIMEOUT_S,
        )
    except IntegrationFailed as error:
        return answered(order.tool.name, error.said, problem=f"The tool {order.tool.name} failed: {error}.")
    return answered(order.tool.name, _text(result))


def _arguments(args: str) -> JsonObject | None:
    try:
        value = json.loads(args or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _job(place: Place, order: Order) -> JsonObject:
    source: JsonObject = order.tool.source.model_dump(mode="json", by_alias=True)
    return {
        "organizationId": place.organization_id,
        "sessionId": place.session_id,
        "agentId": order.tool.agent_id,
        "name": order.tool.name,
        "source": source,
        "callId": order.call_id,
        "arguments": order.arguments,
        "key": order.key,
    }
