"""Verification as a use case: build, put every agent on stage, try every scenario, call live what was asked for."""

from collections import Counter

from speko_core.context import Ctx
from speko_core.errors import InvalidInput
from speko_core.migration.build import AgentBuild
from speko_core.migration.building import Made, make
from speko_core.migration.service import refused_files
from speko_core.migration.verify import trials
from speko_core.migration.verify.live import LiveTools
from speko_core.migration.verify.scenarios import Scenario, example_variables, write_scenarios
from speko_core.migration.verify.schemas import Check, MigrationVerified, MigrationVerify, Verified
from speko_core.migration.verify.stage import Stage, plan_of, tools_of
from speko_core.migration.verify.trials import Seen


async def admit(ctx: Ctx, data: MigrationVerify) -> None:
    """Nothing is read or written in the transaction: trials take their time."""


async def verify(ctx: Ctx, data: MigrationVerify) -> MigrationVerified:
    """Try what the sources did on what would be built from them.

    Raises:
        InvalidInput: nothing to build, or a tool to call live that no agent here has.
    """
    made, refused = await make(ctx, data)
    live = await LiveTools.of(ctx, [one.build for one in made], data.live)
    verified = [await _verified(ctx, one, live) for one in made]
    holds = not any(one.counts.get(result) for one in verified for result in ("differs", "missing"))
    return MigrationVerified(equivalent=holds, verified=verified, refused=refused_files(refused))


async def _verified(ctx: Ctx, made: Made, live: LiveTools) -> Verified:
    trial = _Trial(ctx, made, live)
    checks = [await trial.check(scenario) for scenario in write_scenarios(made.read.agents)]
    return Verified(
        platform=made.build.platform,
        source_digest=made.build.source_digest,
        checks=checks,
        counts=dict(Counter(check.result for check in checks)),
    )


class _Trial:
    """The agents of one build on stage, and the scenarios tried on them."""

    def __init__(self, ctx: Ctx, made: Made, live: LiveTools) -> None:
        self._ctx, self._live = ctx, live
        self._builds = made.build.agents
        self._staged = not made.build.handoffs
        self._linked = {build.key: str(build.agent_create_payload["name"]) for build in self._builds}
        agents = made.read.agents.agents
        self._variables = {name: text for agent in agents for name, text in example_variables(agent).items()}
        self._names = {agent.key: agent.name or agent.key for agent in agents}
        self._stages: dict[str, Stage | Seen] = {}

    async def check(self, scenario: Scenario) -> Check:
        """Try one scenario."""
        stage = self._stage(self._build_for(scenario))
        if isinstance(stage, Seen):
            return trials.check_of(scenario, stage)
        seen = await self._tried(scenario, stage)
        answer = await self._live.call(self._ctx, scenario, stage)
        return trials.check_of(scenario, answer or seen)

    async def _tried(self, scenario: Scenario, stage: Stage) -> Seen:
        if scenario.kind == "first_message" and stage.build.key != scenario.agent in self._names:
            return trials.stage_opening(scenario, stage)
        if scenario.kind == "first_message":
            return await trials.first_message(self._ctx, scenario, stage)
        if scenario.kind == "tool":
            return await trials.tool(self._ctx, scenario, stage)
        if scenario.kind == "transfer":
            return await trials.transfer(self._ctx, scenario, stage)
        if scenario.kind == "end_call":
            return await trials.end_call(self._ctx, stage)
        if scenario.kind == "handoff":
            if self._staged:
                return trials.handoff_stage(scenario, stage, self._names)
            return await trials.handoff(self._ctx, scenario, stage, self._linked)
        return (trials.variable if scenario.kind == "variable" else trials.extraction)(scenario, stage)

    def _build_for(self, scenario: Scenario) -> AgentBuild:
        """The agent that took over the scenario's; of stages of one agent, the one that has the tool."""
        own = [build for build in self._builds if build.key == scenario.agent]
        having = [build for build in self._builds if any(tool["name"] == scenario.subject for tool in build.tools)]
        return (own or having or self._builds)[0]

    def _stage(self, build: AgentBuild) -> Stage | Seen:
        """The agent on stage, or that no session of it would start."""
        if build.key not in self._stages:
            try:
                plan = plan_of(self._ctx, build, self._variables)
                self._stages[build.key] = Stage(build, plan, tools_of(build))
            except InvalidInput as error:
                self._stages[build.key] = Seen("differs", "compared", f"no session would start: {error.message}")
        return self._stages[build.key]
