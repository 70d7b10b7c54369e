"""The builtin tools: ending a call, transferring it, handing it to another agent, searching what the agent knows."""

from collections.abc import Mapping
from dataclasses import dataclass

from speko_core.deps import Deps
from speko_core.knowledge.search import Hit, search
from speko_core.toolrun.handover import hand_over
from speko_core.toolrun.outcome import Outcome, answered, failed
from speko_core.toolrun.tool import RunnableTool
from speko_core.tools.builtins import EndCallConfig, SearchConfig, TransferConfig, destination_name
from speko_core.tools.sources import BuiltinShown
from speko_core.types import JsonObject

PASSAGES = 5


@dataclass(frozen=True)
class BuiltinCall:
    """One call of one builtin tool. `session_id` and `session_kind` are None outside a session of ours.

    `linked` are the agents of the session's plan, name by id; None where there is no plan.
    """

    organization_id: str
    tool: RunnableTool
    source: BuiltinShown
    arguments: JsonObject
    session_id: str | None
    session_kind: str | None
    linked: Mapping[str, str] | None = None


async def call_builtin(deps: Deps, call: BuiltinCall) -> Outcome:
    """Carry it out, or ask the conductor of the session to, through the outcome's action."""
    if call.source.name == "search_knowledge_base":
        return await _search(deps, call)
    if call.source.name == "transfer_to_agent":
        return await hand_over(deps, call.organization_id, call.linked, call.source.config or {}, call.arguments)
    if call.session_id is None:
        return failed("There is no call: this conversation is not a session.")
    return _end(call) if call.source.name == "end_call" else _transfer(call)


def _end(call: BuiltinCall) -> Outcome:
    config = EndCallConfig.model_validate(call.source.config or {})
    action: JsonObject = {"type": "end_call", "reason": str(call.arguments.get("reason") or "end_call")[:200]}
    farewell = f'Say exactly this: "{config.message}"' if config.message else "Say goodbye in a few words."
    return Outcome(f"The call ends after your next sentence. {farewell}", action=action)


def _transfer(call: BuiltinCall) -> Outcome:
    config = TransferConfig.model_validate(call.source.config or {})
    wanted = str(call.arguments.get("destination") or "")
    chosen = [one for one in config.destinations if wanted in (destination_name(one), one.to)]
    if not chosen and len(config.destinations) == 1 and not wanted:
        chosen = config.destinations
    if not chosen:
        names = ", ".join(map(destination_name, config.destinations))
        return failed(f"There is no such destination. Choose one of: {names}.")
    if call.session_kind != "phone":
        return failed("This is not a phone call, so it cannot be transferred. Offer another way to reach somebody.")
    target = chosen[0]
    action: JsonObject = {"type": "transfer_call", "to": target.to, "mode": target.mode or "blind"}
    if target.message:
        action["message"] = target.message
    text = f"The call is being transferred to {destination_name(target)}. Tell the caller in one sentence."
    return Outcome(text, action=action)


async def _search(deps: Deps, call: BuiltinCall) -> Outcome:
    config = SearchConfig.model_validate(call.source.config or {})
    agent_id = call.tool.agent_id or config.agent_id
    query = str(call.arguments.get("query") or "").strip()
    if agent_id is None:
        return failed("There is no knowledge base here: the search names no agent.")
    if not query:
        return failed("The search needs a query.")
    async with deps.database.transaction(call.organization_id, read_only=True) as db:
        hits = await search(db, deps, call.organization_id, agent_id, query, config.limit or PASSAGES)
    if not hits:
        return Outcome("The knowledge base has nothing on that.")
    return answered(call.tool.name, "\n\n".join(f"{hit.text}\n({_place(hit)})" for hit in hits))


def _place(hit: Hit) -> str:
    """Where a passage stands, as a citation."""
    page = f"page {hit.page}" if hit.page else ""
    return ", ".join(filter(None, (hit.document, hit.heading, page)))
