"""What can be done to migrate. Everything is computed from the request; nothing is stored."""

import asyncio

from pydantic import ValidationError

from speko_core.context import Ctx
from speko_core.errors import InvalidInput
from speko_core.migration.build import Build, BuildOptions, Key
from speko_core.migration.emit import build_session_config
from speko_core.migration.inspect import inspect_files
from speko_core.migration.neutral import VoiceAgents, dump
from speko_core.migration.parse import Outcome, Parsed, parse_files
from speko_core.migration.report import Report, grouped
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
from speko_core.migration.secrets import KeyToSet, Scrubber
from speko_core.providers.catalog import load_catalog
from speko_core.types import JsonObject
from speko_core.validation import field_problems


async def inspect(ctx: Ctx, data: MigrationInspect) -> MigrationInspected:
    """Find configurations, code, environment names, phone numbers and webhook routes."""
    return await asyncio.to_thread(inspect_files, [file.file() for file in data.files])


async def parse(ctx: Ctx, data: MigrationParse) -> MigrationParsed:
    """Read configurations into the neutral model, with a report on every value."""
    return await asyncio.to_thread(_parse, data)


async def build(ctx: Ctx, data: MigrationBuild) -> MigrationBuilt:
    """Write the requests that create the agents here."""
    return await asyncio.to_thread(_build, data)


def _parse(data: MigrationParse) -> MigrationParsed:
    outcome = parse_files([file.file() for file in data.files], data.platform)
    return MigrationParsed(agents=[_shown(parsed, data.detail) for parsed in outcome.parsed], refused=_refused(outcome))


def _shown(parsed: Parsed, detail: Detail) -> ParsedAgent:
    return ParsedAgent(
        platform=parsed.agents.platform,
        kind=parsed.agents.kind,
        files=parsed.agents.files,
        neutral=dump(parsed.agents),
        report=_report(parsed.report, detail),
        keys_to_set=[Key.model_validate(key) for key in parsed.keys_to_set],
    )


def _report(report: Report, detail: Detail) -> Report:
    return report if detail == "full" else grouped(report)


def _refused(outcome: Outcome) -> list[RefusedFile]:
    return [RefusedFile(path=item.path, reason=item.reason) for item in outcome.refused]


def _build(data: MigrationBuild) -> MigrationBuilt:
    if (data.files is None) == (data.neutral is None):
        raise InvalidInput("Give either `files` or a `neutral` model.", hint="parse_external_config returns the model.")
    options = BuildOptions(
        name=data.name,
        language=data.language,
        graph=data.graph,
        providers=data.providers,
        served=_served(),
    )
    if data.neutral is not None:
        agents, keys = neutral_of(data.neutral)
        return MigrationBuilt(builds=[build_session_config(agents, options, None, keys)], refused=[])
    outcome = parse_files([file.file() for file in data.files or ()], data.platform)
    if not outcome.parsed:
        reasons = " ".join(f"{item.path}: {item.reason}" for item in outcome.refused[:5])
        raise InvalidInput(f"Nothing to build. {reasons}", hint="inspect_workspace says which files to give.")
    return MigrationBuilt(
        builds=[_built(parsed, options, data.detail) for parsed in outcome.parsed], refused=_refused(outcome)
    )


def _served() -> frozenset[str]:
    models = [(facts.vendor, model) for facts in load_catalog().values() for model in facts.models]
    vendors = {f"{model.modality.value}:{vendor}" for vendor, model in models}
    return frozenset(vendors | {f"{model.modality.value}:{vendor}:{model.id}" for vendor, model in models})


def _built(parsed: Parsed, options: BuildOptions, detail: Detail) -> Build:
    return build_session_config(parsed.agents, options, _report(parsed.report, detail), parsed.keys_to_set)


def neutral_of(document: JsonObject) -> tuple[VoiceAgents, list[KeyToSet]]:
    """A neutral model a client sent back; credentials that were put into it are taken out again.

    Raises:
        InvalidInput: it is not the model, or has no agent.
    """
    scrubber = Scrubber()
    clean = scrubber.scrub(document)
    try:
        agents = VoiceAgents.model_validate(clean)
    except ValidationError as error:
        problems = field_problems(error)[:5]
        named = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems)
        raise InvalidInput(f"neutral is not a neutral model: {named}", fields=problems) from None
    if not agents.agents:
        raise InvalidInput("neutral has no agent.")
    reason = "A credential was in the model; set it as a key of this installation."
    keys = [KeyToSet(found.name, "", found.kind, reason) for found in scrubber.found]
    return agents, keys
