"""Trying scenarios on the agents that were built, one check each."""

from dataclasses import dataclass

from speko_core.context import Ctx
from speko_core.errors import SpekoError
from speko_core.migration.envelopes import ToolCall, server_request
from speko_core.migration.verify import model
from speko_core.migration.verify.examples import shown
from speko_core.migration.verify.scenarios import OPENS, WAITS, Scenario
from speko_core.migration.verify.schemas import Check, How, Result
from speko_core.migration.verify.stage import Stage
from speko_core.toolrun.builtins import BuiltinCall, call_builtin
from speko_core.toolrun.tool import RunnableTool
from speko_core.toolrun.webhook import adapter_of
from speko_core.tools.builtins import TransferConfig, destination_name
from speko_core.tools.sources import BuiltinShown, WebhookShown
from speko_core.types import JsonObject

MAX_SHOWN = 300
SESSION = "verification"


@dataclass(frozen=True)
class Seen:
    """What a trial saw."""

    result: Result
    how: How
    text: str


def check_of(scenario: Scenario, seen: Seen) -> Check:
    """The check of a scenario."""
    return Check(
        agent=scenario.agent,
        kind=scenario.kind,
        subject=scenario.subject[:MAX_SHOWN],
        expected=scenario.expected[:MAX_SHOWN],
        seen=seen.text[:MAX_SHOWN],
        how=seen.how,
        result=seen.result,
    )


async def first_message(ctx: Ctx, scenario: Scenario, stage: Stage) -> Seen:
    """Compare how a session opens; where the model opens, let the offline one do it."""
    plan = stage.plan
    if plan.first_message_mode == "wait":
        return _compared(scenario, WAITS)
    if plan.first_message_mode == "say":
        return _compared(scenario, plan.first_message or "")
    try:
        said = await model.opening(ctx, plan.intent.language, plan.system_prompt)
    except SpekoError as error:
        return Seen("not_tried", "run", error.message)
    if scenario.expected != OPENS:
        return Seen("differs", "run", f"the model opens the call: {said}")
    return Seen("matches" if said.strip() else "differs", "run", f"the model opens the call: {said}")


def stage_opening(scenario: Scenario, stage: Stage) -> Seen:
    """An agent that became a stage of another's prompt says its opening there; one without an opening just goes on."""
    if scenario.expected in (WAITS, OPENS):
        return Seen("matches", "compared", "goes on as a stage of the prompt")
    there = scenario.expected in stage.plan.system_prompt
    return Seen("matches" if there else "missing", "compared", "said in its stage" if there else "not in the prompt")


def _compared(scenario: Scenario, seen: str) -> Seen:
    return Seen("matches" if seen == scenario.expected else "differs", "compared", seen)


def variable(scenario: Scenario, stage: Stage) -> Seen:
    """Compare what the agent declares; a variable of the old platform itself is given with each call here."""
    declared = stage.build.agent_create_payload.get("promptVariables")
    rows = [row for row in declared if isinstance(row, dict)] if isinstance(declared, list) else []
    found = next((row for row in rows if row["name"] == scenario.subject), None)
    if found is None:
        return Seen("missing", "compared", "not declared")
    default = found.get("defaultValue")
    seen = "asked for with each call" if default is None else f"{default} when no value is given"
    return _compared(scenario, seen)


def extraction(scenario: Scenario, stage: Stage) -> Seen:
    """Compare the field as a session is frozen to it."""
    found = next((row for row in stage.plan.extraction_fields if row["name"] == scenario.subject), None)
    if found is None:
        return Seen("missing", "compared", "no such field")
    options = found.get("options")
    seen = " ".join([str(found["type"]), *(map(str, options) if isinstance(options, list) else [])])
    return _compared(scenario, seen)


async def tool(ctx: Ctx, scenario: Scenario, stage: Stage) -> Seen:
    """Let the offline model call it; its arguments are checked as in a call, its answer is made up."""
    found = stage.tools.get(scenario.subject)
    if found is None:
        reasons = [one.reason for one in stage.build.unmappable_tools if one.name == scenario.subject]
        return Seen("missing", "compared", reasons[0] if reasons else "no such tool")
    if scenario.arguments is None:
        return Seen("not_tried", "compared", "no example arguments could be made up from its schema")
    language = stage.plan.intent.language
    try:
        turn = await model.calling(ctx, language, [*stage.tools.values()], found.name, scenario.arguments)
    except SpekoError as error:
        return Seen("not_tried", "run", error.message)
    if turn.refused:
        return Seen("differs", "run", turn.refused[0])
    if turn.handed_back:
        return _handed_back(scenario, turn.handed_back[0])
    if not turn.made:
        return Seen("differs", "run", "it was not called")
    return _called(scenario, found, turn.made[0].arguments)


def _handed_back(scenario: Scenario, call: JsonObject) -> Seen:
    """An inline tool: as expected where the source ran it in the customer's own code too."""
    text = f"handed back to your code: {call['name']} {call['args']}"
    return Seen("matches" if scenario.expected == "is called" else "differs", "run", text)


def _called(scenario: Scenario, found: RunnableTool, arguments: JsonObject) -> Seen:
    if not isinstance(found.source, WebhookShown):
        return Seen("matches", "simulated", f"{found.name} {shown(arguments)}")
    source = found.source
    call = ToolCall("call_1", source.remote_name or found.name, arguments, SESSION)
    request = server_request(adapter_of(found.name, source), source.url, call)
    expected = scenario.expected == f"{request.method} {source.url}"
    text = f"{request.method} {request.url} {shown(arguments)}"
    return Seen("matches" if expected else "differs", "simulated", text)


async def end_call(ctx: Ctx, stage: Stage) -> Seen:
    """Call the builtin as a phone call would; it asks the conductor of the call to hang up."""
    found = stage.builtin("end_call")
    if found is None:
        return Seen("missing", "compared", "no tool hangs up")
    action = await _asked(ctx, found, {})
    return Seen("matches" if action.get("type") == "end_call" else "differs", "run", "hangs up")


async def transfer(ctx: Ctx, scenario: Scenario, stage: Stage) -> Seen:
    """Call the builtin as a phone call would, for the destination of the scenario."""
    found = stage.builtin("transfer_call")
    source = found.source if found else None
    if found is None or not isinstance(source, BuiltinShown):
        reasons = [one.reason for one in stage.build.unmappable_tools if one.name == "transfer_call"]
        return Seen("missing", "compared", reasons[0] if reasons else "no tool transfers")
    listed = TransferConfig.model_validate(source.config or {}).destinations
    wanted = next((one for one in listed if one.to == scenario.subject), None)
    if wanted is None:
        return Seen("missing", "compared", "not among the destinations")
    action = await _asked(ctx, found, {"destination": destination_name(wanted)})
    seen = f"{action.get('mode')} transfer to {action.get('to')}"
    return Seen("matches" if seen == scenario.expected else "differs", "run", seen)


async def _asked(ctx: Ctx, found: RunnableTool, arguments: JsonObject) -> JsonObject:
    assert isinstance(found.source, BuiltinShown)
    call = BuiltinCall(ctx.organization_id, found, found.source, arguments, SESSION, "phone")
    return (await call_builtin(ctx.deps, call)).action or {}


async def handoff(ctx: Ctx, scenario: Scenario, stage: Stage, linked: dict[str, str]) -> Seen:
    """Call the builtin as a conversation would; `linked` are the agents of the build, name by key."""
    found = stage.builtin("transfer_to_agent")
    source = found.source if found else None
    if found is None or not isinstance(source, BuiltinShown):
        return Seen("missing", "compared", "no tool hands over")
    call = BuiltinCall(ctx.organization_id, found, source, {"agent": scenario.subject}, None, None, linked)
    action = (await call_builtin(ctx.deps, call)).action or {}
    if action.get("agentId") != scenario.subject:
        return Seen("missing", "run", "not among the agents it hands over to")
    return Seen("matches", "run", f"hands over to {action.get('agentName')}")


def handoff_stage(scenario: Scenario, stage: Stage, names: dict[str, str]) -> Seen:
    """In one prompt a handoff is a way to a stage."""
    name = names.get(scenario.subject, scenario.subject)
    there = f": {name}\n" in f"{stage.plan.system_prompt}\n"
    return Seen(
        "matches" if there else "missing", "compared", f"a stage of the prompt: {name}" if there else "no stage"
    )
