"""From a request to builds: what build, apply and verify begin with."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from speko_core.context import Ctx
from speko_core.errors import InvalidInput
from speko_core.late import LateModule
from speko_core.migration.build import Build, BuildOptions
from speko_core.migration.neutral import VoiceAgents
from speko_core.migration.report import Report, grouped
from speko_core.migration.schemas import Detail, MigrationBuild
from speko_core.migration.secrets import KeyToSet, Scrubber
from speko_core.migration.served import served
from speko_core.types import JsonObject
from speko_core.validation import field_problems

if TYPE_CHECKING:
    from speko_core.migration import emit, parse
else:
    # With the readers of every platform: megabytes that only who migrates needs.
    emit, parse = LateModule("speko_core.migration.emit"), LateModule("speko_core.migration.parse")


@dataclass(frozen=True)
class Read:
    """What a request describes: the model, the credentials taken out of it, and the account where files were read."""

    agents: VoiceAgents
    keys: list[KeyToSet]
    report: Report | None = None


@dataclass(frozen=True)
class Made:
    """A build and what it was made of."""

    read: Read
    build: Build


async def make(ctx: Ctx, data: MigrationBuild) -> tuple[list[Made], "list[parse.Refused]"]:
    """The builds of a request, as this installation can run them, and the files that were not read.

    Raises:
        InvalidInput: neither files nor a model, or nothing in them is a voice agent.
        TooLarge: a file, or all of them, over the limits.
    """
    return await asyncio.to_thread(_make, data, options_of(data, ctx.deps.settings.allow_insecure_webhooks))


def options_of(data: MigrationBuild, insecure_urls: bool) -> BuildOptions:
    """The choices of a request, and what this installation serves."""
    return BuildOptions(
        name=data.name,
        language=data.language,
        graph=data.graph,
        providers=data.providers,
        served=served(),
        insecure_urls=insecure_urls,
    )


def _make(data: MigrationBuild, options: BuildOptions) -> tuple[list[Made], "list[parse.Refused]"]:
    reads, refused = read(data)
    return [
        Made(one, emit.build_session_config(one.agents, options, shown(one.report, data.detail), one.keys))
        for one in reads
    ], refused


def shown(report: Report | None, detail: Detail) -> Report | None:
    """The report as it was asked for."""
    return grouped(report) if report is not None and detail == "grouped" else report


def read(data: MigrationBuild) -> tuple[list[Read], "list[parse.Refused]"]:
    """The models of a request.

    Raises:
        InvalidInput: neither files nor a model, or nothing in them is a voice agent.
    """
    if (data.files is None) == (data.neutral is None):
        raise InvalidInput("Give either `files` or a `neutral` model.", hint="parse_external_config returns the model.")
    if data.neutral is not None:
        return [Read(*neutral_of(data.neutral))], []
    outcome = parse.parse_files([file.file() for file in data.files or ()], data.platform)
    if not outcome.parsed:
        reasons = " ".join(f"{item.path}: {item.reason}" for item in outcome.refused[:5])
        raise InvalidInput(f"Nothing to build. {reasons}", hint="inspect_workspace says which files to give.")
    return [Read(one.agents, one.keys_to_set, one.report) for one in outcome.parsed], outcome.refused


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
    return agents, [KeyToSet(found.name, "", found.kind, reason) for found in scrubber.found]
