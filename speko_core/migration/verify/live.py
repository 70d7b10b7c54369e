"""Really calling the servers of tools that were named, with the tool that is stored here: its keys, its signature."""

from collections.abc import Sequence

from speko_core.agents import repository as agents
from speko_core.context import Ctx
from speko_core.errors import InvalidInput
from speko_core.ids import new_id
from speko_core.migration.build import Build
from speko_core.migration.verify.examples import shown
from speko_core.migration.verify.scenarios import Scenario
from speko_core.migration.verify.stage import Stage
from speko_core.migration.verify.trials import Seen
from speko_core.providers.base import ToolCall
from speko_core.toolrun.keys import Keys
from speko_core.toolrun.outcome import Outcome
from speko_core.toolrun.runner import Place, ToolRunner
from speko_core.toolrun.tool import RunnableTool, from_definition
from speko_core.tools import repository as tools
from speko_core.tools.rendering import definition


class LiveTools:
    """The stored webhook tools to call, by agent name and tool name."""

    def __init__(self, found: dict[tuple[str, str], RunnableTool]) -> None:
        self._found = found

    @classmethod
    async def of(cls, ctx: Ctx, builds: Sequence[Build], names: Sequence[str]) -> "LiveTools":
        """Find the tools that were named.

        Raises:
            InvalidInput: no agent of these builds has such a webhook tool here.
        """
        if not names:
            return cls({})
        payloads = [one.agent_create_payload for build in builds for one in build.agents]
        found: dict[tuple[str, str], RunnableTool] = {}
        async with ctx.deps.database.transaction(ctx.organization_id, read_only=True) as db:
            for agent_name in {str(payload["name"]) for payload in payloads}:
                agent = await agents.by_name(db, agent_name)
                for row in await tools.tools_of(db, agent.id) if agent is not None else ():
                    if row.name in names and row.source.get("kind") == "webhook":
                        made = from_definition(row.name, definition(row), row.agent_id)
                        found[agent_name, row.name] = made
        absent = sorted(set(names) - {name for _, name in found})
        if absent:
            raise InvalidInput(
                f"live: no webhook tool {absent[0]} here.", hint="apply_migration makes the tools first."
            )
        return cls(found)

    async def call(self, ctx: Ctx, scenario: Scenario, stage: Stage) -> Seen | None:
        """Call the scenario's tool, if it was named, once; what the server answered."""
        key = (str(stage.build.agent_create_payload["name"]), scenario.subject)
        found = self._found.pop(key, None) if scenario.kind == "tool" else None
        if found is None or scenario.arguments is None:
            return None
        runner = ToolRunner(ctx.deps, Place(ctx.organization_id), Keys(new_id("turn")))
        order = runner.prepare(found, ToolCall(new_id("call"), found.name, shown(scenario.arguments)))
        outcome = order if isinstance(order, Outcome) else await runner.run(order)
        return Seen("differs" if outcome.failed else "matches", "live", " ".join(outcome.text.split()))
