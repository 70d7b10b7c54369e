"""Asynchronous webhook tools as durable work: made although the process that started them ends, and tried again."""

from typing import cast

from speko_core.deps import Deps
from speko_core.ports.jobs import JobKind
from speko_core.toolrun.record import finish
from speko_core.toolrun.runner import JOB, Order, Place, make_call
from speko_core.toolrun.tool import from_definition
from speko_core.types import JsonObject

RETRY_DELAYS_S = (5.0, 60.0, 600.0)


class CallFailed(Exception):
    """The endpoint did not take the call; the engine tries again."""


async def run(deps: Deps, args: JsonObject) -> JsonObject:
    """Make the call under its own key, so that an endpoint can skip what it has seen, and record how it ended."""
    definition: JsonObject = {"description": "", "parameters": {}, "source": args["source"]}
    tool = from_definition(str(args["name"]), definition, cast(str | None, args["agentId"]))
    organization_id, key = str(args["organizationId"]), str(args["key"])
    place = Place(organization_id, cast(str | None, args["sessionId"]))
    outcome = await make_call(deps, place, Order(tool, str(args["callId"]), cast(JsonObject, args["arguments"]), key))
    if place.session_id is not None:
        await finish(deps, organization_id, key, outcome)
    if outcome.failed:
        raise CallFailed
    return {"ok": True}


CALL = JobKind(
    name=JOB,
    run=run,
    summary="Calls the endpoints of tools that answer later.",
    retry_delays_s=RETRY_DELAYS_S,
)
