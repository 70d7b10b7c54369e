"""Requests and answers about versions and environments."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from speko_core.schemas import Input, Output, WireTime
from speko_core.types import JsonObject, JsonValue
from speko_core.versions.models import NOTE_LENGTH

AgentId = Annotated[str, Field(description="Agent id, prefixed `agent_`.", max_length=80)]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")]
Number = Annotated[int, Field(ge=1, le=2_000_000_000)]
Note = Annotated[str, Field(max_length=NOTE_LENGTH, description="Why, for those who read the history.")]
Action = Literal["deploy", "rollback"]


class VersionsQuery(Input):
    """A page of an agent's versions, newest first."""

    id: AgentId
    limit: int = Field(20, ge=1, le=100)
    cursor: Number | None = Field(None, description="`nextCursor` of the previous page.")


class VersionQuery(Input):
    """Names one version, and what to compare it with."""

    id: AgentId
    number: str = Field(max_length=80, description="The version's number, or `newest`.")
    against: Number | None = Field(None, description="Compare with this version; absent: with the one before.")


class EnvironmentsQuery(Input):
    """Names the agent."""

    id: AgentId


class _Move(Input):
    id: AgentId
    environment: EnvironmentName = Field(
        "production", description="`production`, `staging`, or a name of your own in lower case."
    )
    note: Note = ""
    dry_run: bool = Field(False, description="Answer what would change, and change nothing.")


class Deploy(_Move):
    """Make a version live in an environment."""

    version: Number | None = Field(None, description="Version number; absent: the newest.")


class Rollback(_Move):
    """Put an environment back."""

    version: Number | None = Field(None, description="Version number; absent: the one that was live before this one.")


class Author(Output):
    """Who made a change: the kind of credential and its id."""

    kind: str
    id: str


class VersionEntry(Output):
    """A version in a list."""

    number: int
    author: Author
    note: str
    sha: str = Field(description="SHA-256 of the content's canonical JSON; equal content, equal text.")
    created_at: WireTime
    environments: list[str] = Field(description="The environments it is live in.")


class VersionPage(Output):
    """Newest first; `nextCursor` is null on the last page."""

    entries: list[VersionEntry]
    next_cursor: int | None


class ChangeRow(Output):
    """One difference; `path` is a JSON Pointer, and a tool's is below `/tools/<name>`."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: JsonValue
    after: JsonValue


class VersionDetail(VersionEntry):
    """A version in full. Secrets are named by reference, never held."""

    content: JsonObject
    against: int | None = Field(description="The version it is compared with; null for the first.")
    changes: list[ChangeRow]


class DeploymentRow(Output):
    """One move of an environment's pointer."""

    id: str
    action: Action
    version: int
    from_version: int | None
    author: Author
    note: str
    created_at: WireTime


class EnvironmentRow(Output):
    """An environment. `version` is null until something is deployed; sessions then get the newest version."""

    name: str
    version: int | None
    newest_version: int
    updated_at: WireTime | None
    history: list[DeploymentRow] = Field(description="The newest twenty moves, newest first.")


class Environments(Output):
    """`production` and `staging` always, and every other that was deployed to."""

    environments: list[EnvironmentRow]


class Problem(Output):
    """What speaks against serving a version."""

    field: str
    problem: str


class Moved(Output):
    """What a deployment or a rollback did, or with `dryRun` would do."""

    agent_id: str
    environment: str
    action: Action
    version: int
    previous_version: int | None
    deployment_id: str | None = Field(description="Null when nothing was moved.")
    dry_run: bool
    changes: list[ChangeRow] = Field(description="From what the environment served before to what it serves now.")
    problems: list[Problem] = Field(description="A deployment with problems is refused; a rollback is not.")
