"""Requests and answers of migration. Files come from the client; the server reads no disk of its own."""

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from speko_core.errors import InvalidInput
from speko_core.late import LateModule
from speko_core.migration import limits
from speko_core.migration.build import Build, GraphChoice, Key, ProviderChoice, Shown, Unmappable
from speko_core.migration.neutral import Handoff
from speko_core.migration.report import Report
from speko_core.schemas import Input
from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.migration import documents
else:
    documents = LateModule("speko_core.migration.documents")

_LONG = ConfigDict(str_max_length=limits.MAX_TOTAL_BYTES)
Detail = Literal["grouped", "full"]
Change = Literal["created", "updated", "unchanged"]


class SourceFile(Input):
    """One file of the workspace."""

    model_config = _LONG

    path: str = Field(min_length=1, max_length=400, description="Path in the workspace.")
    content: str = Field(description="Its text.")
    encoding: Literal["text", "base64"] = Field("text", description="`base64` for bytes that are no text.")

    def file(self) -> "documents.File":
        """The file as bytes.

        Raises:
            InvalidInput: `content` is not base64 though it says so.
        """
        if self.encoding == "text":
            return documents.File(self.path, self.content.encode("utf-8", "surrogatepass"))
        try:
            return documents.File(self.path, base64.b64decode(self.content, validate=True))
        except (binascii.Error, ValueError):
            raise InvalidInput("files: content with encoding `base64` is not base64.") from None


Files = Annotated[list[SourceFile], Field(min_length=1, max_length=limits.MAX_FILES)]


class MigrationInspect(Input):
    """Files to look through."""

    model_config = _LONG

    files: Files


class MigrationParse(Input):
    """Files to read. Files that belong together, such as an agent and its tools, go in one request."""

    model_config = _LONG

    files: Files
    platform: str | None = Field(None, max_length=40, description="Only this platform; absent detects it.")
    detail: Detail = Field("grouped", description="`full` reports every value on a line of its own.")


class MigrationBuild(Input):
    """What to build from: `files`, or a `neutral` model that parse returned."""

    model_config = _LONG

    files: list[SourceFile] | None = Field(None, max_length=limits.MAX_FILES)
    neutral: JsonObject | None = Field(None, description="The neutral model of one agent, perhaps edited.")
    platform: str | None = Field(None, max_length=40, description="Only this platform; absent detects it.")
    name: str | None = Field(None, min_length=1, max_length=200, description="Name of the new agent.")
    language: str | None = Field(None, max_length=16, description="BCP-47, when the source names none.")
    graph: GraphChoice = Field("staged", description="`staged`: one prompt with stages. `linked`: one agent per stage.")
    providers: ProviderChoice = Field("keep", description="`any` lets the router pick every provider.")
    detail: Detail = Field("grouped", description="`full` reports every value on a line of its own.")


class RefusedFile(Shown):
    """A file that was not read."""

    path: str
    reason: str


class ParsedAgent(Shown):
    """One agent, squad or flow."""

    platform: str
    kind: str
    files: list[str]
    neutral: JsonObject = Field(description="The neutral model; send it to build, edited or not.")
    report: Report
    keys_to_set: list[Key]


class MigrationParsed(Shown):
    """Everything that was recognized, and what was not."""

    agents: list[ParsedAgent]
    refused: list[RefusedFile]


class MigrationBuilt(Shown):
    """The requests to send, one build for each agent, squad or flow."""

    builds: list[Build]
    refused: list[RefusedFile]


class MigrationApply(MigrationBuild):
    """What to create or update: `files`, or a `neutral` model that parse returned."""


class AppliedTool(Shown):
    """A tool that is here now."""

    tool_id: str
    name: str
    change: Change


class AppliedAgent(Shown):
    """An agent that is here now."""

    key: str
    agent_id: str
    name: str
    change: Change
    version: int
    tools: list[AppliedTool]


class Migrated(Shown):
    """One agent, squad or flow that is here now. The first agent answers."""

    platform: str
    source_digest: str
    agents: list[AppliedAgent]
    session_config: JsonObject = Field(description="Body of POST /v1/sessions; add `agentId`.")
    phone_config: JsonObject
    webhooks: list[JsonObject]
    evals: list[JsonObject]
    handoffs: list[Handoff]
    unmappable_tools: list[Unmappable]
    warnings: list[str]
    keys_to_set: list[Key]
    report: Report | None


class MigrationApplied(Shown):
    """What was created and updated."""

    applied: list[Migrated]
    refused: list[RefusedFile]


class Finding(Shown):
    """Something in the workspace."""

    path: str
    kind: Literal["configuration", "code", "environment", "phone_number", "webhook_route", "dependency"]
    platform: str | None
    detail: str
    line: int | None


class Step(Shown):
    """One step of the migration, in order."""

    step: int
    action: str
    files: list[str]


class MigrationInspected(Shown):
    """What is in the workspace and what to do about it."""

    findings: list[Finding]
    plan: list[Step]
    refused: list[RefusedFile]
    selected: list[str] = Field(description="Files to give to parse_external_config.")


__all__ = ["JsonValue", "MigrationBuild", "MigrationInspect", "MigrationParse"]
