"""Organization scoping as a property of the session, so that a forgotten filter cannot leak (ORG-1).

Every ORM statement that touches an organization-scoped table gets the session's organization added; statements
that the guard cannot see through (text, bare tables) are refused; flushes are checked row by row. On PostgreSQL
row-level security is the second wall. `execution_options(all_organizations=True)` opts out, visibly.
"""

from collections.abc import Mapping

from sqlalchemy import Alias, Column, Insert, Table, TextClause, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseElement

from speko_core.db.base import OrganizationScoped

ORGANIZATION = "organization_id"
CROSS = "all_organizations"


class OrganizationGuardError(RuntimeError):
    """A statement would cross organizations: a bug, never a caller's mistake."""


class GuardedSession(Session):
    """The sync session class under every AsyncSession of ours."""


def _is_mapped(element: object) -> bool:
    return isinstance(element, ClauseElement) and (
        "parententity" in element._annotations or "parentmapper" in element._annotations
    )


class _Reach:
    """Which organization-scoped tables a statement reaches, and which of them not through a mapped class.

    A table counts as mapped where it, or a column of it, comes from a mapped class: the ORM then adds the criteria
    to that FROM element. An alias is a FROM element of its own, so a bare one is always refused.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self.tables: set[str] = set()
        self.bare: set[str] = set()
        mapped: set[str] = set()
        for element in visitors.iterate(statement):
            if isinstance(element, TextClause):
                raise OrganizationGuardError("textual SQL cannot be scoped to an organization")
            table = element.element if isinstance(element, Alias) else element
            if isinstance(element, Column):
                table = element.table
            if not isinstance(table, Table) or ORGANIZATION not in table.c:
                continue
            self.tables.add(table.name)
            if _is_mapped(element):
                mapped.add(table.name)
            elif isinstance(element, Alias):
                raise OrganizationGuardError(f"an alias of {table.name} was queried as a bare table")
            else:
                self.bare.add(table.name)
        self.bare -= mapped


def _check_insert(statement: Insert, state: ORMExecuteState, organization_id: str) -> None:
    rows = [state.parameters or {}] if isinstance(state.parameters, Mapping | None) else list(state.parameters)
    compiled = statement.compile().params
    given = [row.get(ORGANIZATION, compiled.get(ORGANIZATION)) for row in rows]
    stated = [value for key, value in compiled.items() if key.startswith(ORGANIZATION) and value is not None]
    if any(value not in (None, organization_id) for value in [*given, *stated]) or not (any(given) or stated):
        raise OrganizationGuardError("insert into another organization, or without one")


@event.listens_for(GuardedSession, "do_orm_execute")
def _scope_statement(state: ORMExecuteState) -> None:
    if state.execution_options.get(CROSS) or state.session.info.get(CROSS):
        return
    statement = state.statement
    if not isinstance(statement, ClauseElement):
        return
    reach = _Reach(statement)
    if not reach.tables:
        return
    organization_id = state.session.info.get(ORGANIZATION)
    if not organization_id:
        raise OrganizationGuardError(f"{min(reach.tables)} was queried outside an organization")
    if isinstance(statement, Insert):
        _check_insert(statement, state, organization_id)
        return
    if reach.bare:
        raise OrganizationGuardError(f"{min(reach.bare)} was queried as a bare table")
    state.statement = statement.options(
        with_loader_criteria(
            OrganizationScoped, lambda cls: cls.organization_id == organization_id, include_aliases=True
        )
    )


@event.listens_for(GuardedSession, "before_flush")
def _check_flush(session: Session, context: UOWTransaction, instances: object) -> None:
    if session.info.get(CROSS):
        return
    organization_id = session.info.get(ORGANIZATION)
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, OrganizationScoped) and row.organization_id != organization_id:
            raise OrganizationGuardError(f"{type(row).__name__} of another organization was written")
