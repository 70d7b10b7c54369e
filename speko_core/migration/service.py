"""What can be done to migrate without storing anything: everything is computed from the request."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from speko_core.context import Ctx
from speko_core.late import LateModule
from speko_core.migration.build import Key
from speko_core.migration.building import make, shown
from speko_core.migration.neutral import dump
from speko_core.migration.schemas import (
    Detail,
    MigrationBuild,
    MigrationBuilt,
    MigrationInspect,
    MigrationInspected,
    MigrationParse,
    MigrationParsed,
    ParsedAgent,
    RefusedFile,
)

if TYPE_CHECKING:
    from speko_core.migration import inspect as inspecting
    from speko_core.migration import parse as parsing
else:
    # The readers of every platform: megabytes that only who migrates needs.
    inspecting, parsing = LateModule("speko_core.migration.inspect"), LateModule("speko_core.migration.parse")


async def inspect(ctx: Ctx, data: MigrationInspect) -> MigrationInspected:
    """Find configurations, code, environment names, phone numbers and webhook routes."""
    return await asyncio.to_thread(lambda: inspecting.inspect_files([file.file() for file in data.files]))


async def parse(ctx: Ctx, data: MigrationParse) -> MigrationParsed:
    """Read configurations into the neutral model, with a report on every value."""
    return await asyncio.to_thread(_parse, data)


async def build(ctx: Ctx, data: MigrationBuild) -> MigrationBuilt:
    """Write the requests that create the agents here."""
    made, refused = await make(ctx, data)
    return MigrationBuilt(builds=[one.build for one in made], refused=refused_files(refused))


def refused_files(refused: "Sequence[parsing.Refused]") -> list[RefusedFile]:
    """Files that were not read, as answers name them."""
    return [RefusedFile(path=item.path, reason=item.reason) for item in refused]


def _parse(data: MigrationParse) -> MigrationParsed:
    outcome = parsing.parse_files([file.file() for file in data.files], data.platform)
    agents = [_shown(parsed, data.detail) for parsed in outcome.parsed]
    return MigrationParsed(agents=agents, refused=refused_files(outcome.refused))


def _shown(parsed: "parsing.Parsed", detail: Detail) -> ParsedAgent:
    return ParsedAgent(
        platform=parsed.agents.platform,
        kind=parsed.agents.kind,
        files=parsed.agents.files,
        neutral=dump(parsed.agents),
        report=shown(parsed.report, detail) or parsed.report,
        keys_to_set=[Key.model_validate(key) for key in parsed.keys_to_set],
    )
