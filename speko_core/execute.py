"""`execute`: the only runner of operations, the same for every door.

scope → parse once → idempotency → transaction → run → render → audit → commit → after-commit work
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.accounts.models import AuditEntry, IdempotencyRecord
from speko_core.context import Ctx, Door, Principal
from speko_core.deps import Deps
from speko_core.errors import Conflict, Failed, FieldProblem, Forbidden, InvalidInput
from speko_core.ids import new_id
from speko_core.operations import AnyOperation
from speko_core.ports.secrets import Secrets
from speko_core.schemas import Input
from speko_core.types import JsonValue
from speko_core.validation import field_problems, nul_fields

# Our own processes report every few seconds; the log is about what people, keys and clients did.
_UNAUDITED = frozenset({"worker", "session"})


@dataclass(frozen=True)
class Caller:
    """One request: who, through which door, from where."""

    principal: Principal
    door: Door
    request_id: str
    client_ip: str = ""
    idempotency_key: str | None = None
    user_agent: str = ""


@dataclass(frozen=True)
class Outcome:
    """The rendered answer, JSON-ready in wire names. `replayed` when it came from an idempotency record."""

    value: JsonValue
    replayed: bool = False


async def execute(operation: AnyOperation, raw: Mapping[str, object], caller: Caller, deps: Deps) -> Outcome:
    """Run one operation for one caller.

    Raises:
        SpekoError: every expected failure, ready for a door to show.
    """
    if not caller.principal.may(operation.scope):
        raise Forbidden(
            f"This credential lacks the scope {operation.scope}.", hint="Use a key or grant that holds the scope."
        )
    data = parse(operation, raw)
    if caller.idempotency_key and operation.effect != "read" and operation.conclude is None:
        return await _execute_once(operation, data, caller, deps)
    return Outcome(await _transact(operation, data, caller, deps))


def parse(operation: AnyOperation, raw: Mapping[str, object]) -> BaseModel:
    """Validate the input.

    Raises:
        InvalidInput: with one entry per wrong field, without the offending values.
    """
    try:
        data = cast(Input, operation.input.model_validate(raw))
    except ValidationError as error:
        raise _invalid(field_problems(error)) from None
    problems = () if data.removes_nul else tuple(nul_fields(data.model_dump(by_alias=True)))
    if problems:
        raise _invalid(problems)
    return data


def _invalid(fields: tuple[FieldProblem, ...]) -> InvalidInput:
    named = "; ".join(f"{problem.field}: {problem.problem}" if problem.field else problem.problem for problem in fields)
    return InvalidInput(f"Invalid request: {named}", fields=fields)


async def _transact(
    operation: AnyOperation, data: BaseModel, caller: Caller, deps: Deps, seen: "_Once | None" = None
) -> JsonValue:
    read_only = operation.effect == "read" and seen is None
    async with deps.database.transaction(
        caller.principal.organization_id or None,
        read_only=read_only,
        all_organizations=caller.principal.kind == "worker",
    ) as db:
        ctx = Ctx(
            caller.principal, deps, db, caller.door, caller.request_id, caller.client_ip, user_agent=caller.user_agent
        )
        if seen is not None:
            seen.reserve(db, ctx)
            await db.flush()
        result = await operation.run(ctx, data)
        value = _rendered(operation, result) if operation.conclude is None else None
        if operation.effect != "read" and caller.principal.kind not in _UNAUDITED:
            db.add(_audit_entry(operation, ctx, value))
        if seen is not None:
            seen.complete(value, deps.secrets)
    await ctx.run_after_commit()
    return value if operation.conclude is None else _rendered(operation, await operation.conclude(ctx, data))


def _rendered(operation: AnyOperation, result: object) -> JsonValue:
    adapter = operation.output_adapter
    valid = adapter.validate_python(result, from_attributes=True)
    return cast(JsonValue, adapter.dump_python(valid, mode="json", by_alias=True))


def _audit_entry(operation: AnyOperation, ctx: Ctx, value: JsonValue) -> AuditEntry:
    rendered_id = value.get("id") if isinstance(value, dict) else None
    return AuditEntry(
        id=new_id("audit"),
        organization_id=ctx.organization_id,
        operation=operation.id,
        resource_id=ctx.resource_id or (rendered_id if isinstance(rendered_id, str) else ""),
        actor_kind=ctx.principal.kind,
        actor_id=ctx.principal.id,
        door=ctx.door,
        client_ip=ctx.client_ip,
        request_id=ctx.request_id,
        created_at=ctx.now(),
    )


class _Once:
    """The idempotency record of one request: reserved first, completed in the same transaction."""

    def __init__(self, operation_id: str, key: str, digest: str) -> None:
        self.id = new_id("idem")
        self.operation_id, self.key, self.digest = operation_id, key, digest
        self._record: IdempotencyRecord | None = None

    def reserve(self, db: AsyncSession, ctx: Ctx) -> None:
        """Insert the record; a second request with the key fails on the unique constraint."""
        self._record = IdempotencyRecord(
            id=self.id,
            organization_id=ctx.organization_id,
            operation=self.operation_id,
            key=self.key,
            request_digest=self.digest,
            created_at=ctx.now(),
        )
        db.add(self._record)

    def complete(self, value: JsonValue, secrets: Secrets) -> None:
        """Keep the answer for replays, sealed."""
        assert self._record is not None
        self._record.response = secrets.seal(json.dumps(value).encode(), bound_to=self._record.id)


async def _execute_once(operation: AnyOperation, data: BaseModel, caller: Caller, deps: Deps) -> Outcome:
    digest = hashlib.sha256(data.model_dump_json(exclude_unset=True).encode()).hexdigest()
    once = _Once(operation.id, cast(str, caller.idempotency_key), digest)
    replay = await _find_replay(once, caller, deps)
    if replay is not None:
        return replay
    try:
        return Outcome(await _transact(operation, data, caller, deps, once))
    except Failed:
        # It may have been stored before its after-commit work failed: the next try must be a real one.
        await _forget(once, caller, deps)
        raise
    except IntegrityError:
        replay = await _find_replay(once, caller, deps)
        if replay is None:
            raise
        return replay


async def _forget(once: _Once, caller: Caller, deps: Deps) -> None:
    async with deps.database.transaction(caller.principal.organization_id) as db:
        await db.execute(delete(IdempotencyRecord).where(IdempotencyRecord.id == once.id))


async def _find_replay(once: _Once, caller: Caller, deps: Deps) -> Outcome | None:
    statement = select(IdempotencyRecord).where(
        IdempotencyRecord.operation == once.operation_id, IdempotencyRecord.key == once.key
    )
    async with deps.database.transaction(caller.principal.organization_id, read_only=True) as db:
        record = (await db.execute(statement)).scalar_one_or_none()
    if record is None or record.response is None:
        return None
    if record.request_digest != once.digest:
        raise Conflict(
            "This Idempotency-Key was used with another request body.",
            "IDEMPOTENCY_KEY_REUSED",
            hint="Send a fresh key with every different request.",
        )
    return Outcome(json.loads(deps.secrets.open(record.response, bound_to=record.id)), replayed=True)
