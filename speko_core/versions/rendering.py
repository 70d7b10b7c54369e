"""Rows of versions and environments as answers."""

from collections.abc import Sequence

from speko_core.types import JsonObject
from speko_core.versions.content import changes
from speko_core.versions.models import AgentDeployment, AgentEnvironment, AgentVersionRow
from speko_core.versions.schemas import Author, ChangeRow, DeploymentRow, EnvironmentRow, VersionDetail, VersionEntry


def entry(row: AgentVersionRow, pointers: Sequence[AgentEnvironment]) -> VersionEntry:
    """A version in a list."""
    return VersionEntry(
        number=row.number,
        author=Author(kind=row.author_kind, id=row.author_id),
        note=row.note,
        sha=row.sha,
        created_at=row.created_at,
        environments=[pointer.name for pointer in pointers if pointer.version == row.number],
    )


def detail(row: AgentVersionRow, base: AgentVersionRow | None, pointers: Sequence[AgentEnvironment]) -> VersionDetail:
    """A version in full, compared with `base`."""
    return VersionDetail(
        **dict(entry(row, pointers)),
        content=row.content,
        against=base.number if base else None,
        changes=change_rows(base.content if base else {}, row.content),
    )


def change_rows(before: JsonObject, after: JsonObject) -> list[ChangeRow]:
    """The differences of two contents."""
    return [ChangeRow.model_validate(change) for change in changes(before, after)]


def deployment(row: AgentDeployment) -> DeploymentRow:
    """One move of a pointer."""
    author = Author(kind=row.author_kind, id=row.author_id)
    return DeploymentRow.model_validate(
        {
            "id": row.id,
            "action": row.action,
            "version": row.version,
            "fromVersion": row.from_version,
            "author": author,
            "note": row.note,
            "createdAt": row.created_at,
        }
    )


def environment(
    name: str, pointer: AgentEnvironment | None, newest: int, history: Sequence[AgentDeployment]
) -> EnvironmentRow:
    """An environment with its newest moves."""
    return EnvironmentRow(
        name=name,
        version=pointer.version if pointer else None,
        newest_version=newest,
        updated_at=pointer.updated_at if pointer else None,
        history=[deployment(row) for row in history],
    )
