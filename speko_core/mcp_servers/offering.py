"""Giving an agent the tools of a server: rows of its tools follow what the server offers and what was chosen."""

from collections.abc import Mapping, Sequence

from speko_core.agents.models import Agent
from speko_core.context import Ctx
from speko_core.errors import Conflict
from speko_core.ids import new_id
from speko_core.mcp_servers.catalogue import Offer, offers, tools_in
from speko_core.mcp_servers.headers import invalid
from speko_core.mcp_servers.models import McpServerRow
from speko_core.ports.tool_servers import APP_KEY, RemoteTool
from speko_core.tools.models import MAX_TOOLS, AgentToolRow
from speko_core.tools.repository import tools_of
from speko_core.types import JsonObject


def rows_of(server: McpServerRow, tools: Sequence[AgentToolRow]) -> dict[str, AgentToolRow]:
    """The agent's tools that this server runs, by the server's names for them."""
    return {
        str(row.source["actionKey"]): row
        for row in tools
        if row.source.get("appKey") == APP_KEY and row.source.get("installationId") == server.id
    }


def judged(server: McpServerRow, tools: Sequence[AgentToolRow]) -> list[Offer]:
    """What the agent can have of the server, beside the tools it has."""
    own = {row.id for row in rows_of(server, tools).values()}
    taken = [row.name for row in tools if row.id not in own]
    return offers(server.prefix, server.selection, tools_in(server.catalogue), taken, MAX_TOOLS - len(taken))


def missing(server: McpServerRow) -> list[str]:
    """Chosen tools that the server does not have."""
    return [name for name in server.selection or () if name not in server.catalogue]


def refuse_problems(server: McpServerRow, found: Sequence[Offer]) -> None:
    """What was chosen by name has to be possible, and no name may be taken.

    Raises:
        InvalidInput: a chosen tool does not exist, or cannot be had.
        Conflict: `TOOL_NAME_CONFLICT` or `TOOL_LIMIT`.
    """
    if server.selection is not None:
        for name in missing(server):
            raise invalid("tools", f"the server has no tool {name}")
        for offer in found:
            if offer.chosen and offer.problem and not offer.taken:
                raise invalid("tools", f"{offer.remote.name}: {offer.problem}")
    clash = next((offer for offer in found if offer.taken), None)
    if clash is not None:
        raise Conflict(
            f"The tool {clash.remote.name} was not added: {clash.problem}.",
            "TOOL_NAME_CONFLICT",
            hint="Choose another prefix, fewer tools of the server, or delete the other tool.",
        )


async def apply(ctx: Ctx, agent: Agent, server: McpServerRow, found: Sequence[Offer], before: JsonObject) -> None:
    """Make the agent's tools those of the offers. `before` is the catalogue they came from.

    A description that somebody wrote for the agent stays; one that was the server's follows the server.
    """
    rows = rows_of(server, await tools_of(ctx.db, agent.id))
    usable = {offer.remote.name: offer for offer in found if offer.usable}
    for name in rows.keys() - usable.keys():
        await ctx.db.delete(rows.pop(name))
    # A new tool may take the name of one that is gone.
    await ctx.db.flush()
    known = {tool.name: tool for tool in tools_in(before)}
    for name, offer in usable.items():
        if name in rows:
            _follow(ctx, rows[name], server, offer.remote, known)
        else:
            ctx.db.add(_row(ctx, agent, server, offer))


def _follow(
    ctx: Ctx, row: AgentToolRow, server: McpServerRow, remote: RemoteTool, known: Mapping[str, RemoteTool]
) -> None:
    before = known.get(remote.name)
    written = before is not None and row.description != _description(server, before)
    description = row.description if written else _description(server, remote)
    if (row.description, row.parameters) != (description, remote.parameters):
        row.description, row.parameters, row.updated_at = description, remote.parameters, ctx.now()


def _row(ctx: Ctx, agent: Agent, server: McpServerRow, offer: Offer) -> AgentToolRow:
    assert offer.name is not None
    return AgentToolRow(
        id=new_id("tool"),
        organization_id=ctx.organization_id,
        agent_id=agent.id,
        name=offer.name,
        description=_description(server, offer.remote),
        parameters=offer.remote.parameters,
        source={
            "kind": "integration",
            "installationId": server.id,
            "appKey": APP_KEY,
            "actionKey": offer.remote.name,
        },
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )


def _description(server: McpServerRow, remote: RemoteTool) -> str:
    return remote.description.strip() or f"The tool {remote.name} of {server.name}."
