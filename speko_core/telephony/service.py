"""What can be done with phone numbers of the organization's own."""

import json

from sqlalchemy.exc import IntegrityError

from speko_core.agents import repository as agents
from speko_core.context import Ctx
from speko_core.errors import Conflict, NotFound
from speko_core.ids import new_id
from speko_core.telephony import repository
from speko_core.telephony.models import PhoneNumber
from speko_core.telephony.render import render
from speko_core.telephony.schemas import (
    PhoneNumberImport,
    PhoneNumberList,
    PhoneNumberRef,
    PhoneNumberRow,
    PhoneNumberUpdate,
    Released,
)

_CREDENTIALS = {"sip_username", "sip_password"}
_NOT_STORED = {"id", "sms_automation_enabled", *_CREDENTIALS}


async def list_numbers(ctx: Ctx, data: PhoneNumberList) -> list[PhoneNumberRow]:
    """Every number of the organization, oldest first."""
    return [render(row) for row in await repository.every(ctx.db)]


async def get(ctx: Ctx, data: PhoneNumberRef) -> PhoneNumberRow:
    """One number."""
    row = await repository.get(ctx.db, data.id)
    if row is None:
        raise _not_found()
    return render(row)


async def import_number(ctx: Ctx, data: PhoneNumberImport) -> PhoneNumberRow:
    """Register a number; nothing is called at its carrier."""
    await _agent_exists(ctx, data.agent_id)
    if await repository.by_number(ctx.db, data.e164) is not None:
        raise _taken()
    row = PhoneNumber(
        id=new_id("pn"),
        organization_id=ctx.organization_id,
        created_at=ctx.now(),
        updated_at=ctx.now(),
        **data.model_dump(exclude=_NOT_STORED),
    )
    _seal_credentials(ctx, row, data)
    ctx.db.add(row)
    try:
        await ctx.db.flush()
    except IntegrityError:  # another request imported the number between our look and our write
        raise _taken() from None
    ctx.resource_id = row.id
    return render(row)


async def update(ctx: Ctx, data: PhoneNumberUpdate) -> PhoneNumberRow:
    """Change the given fields only; null clears one, such as the agent."""
    row = await _found_locked(ctx, data.id)
    await _agent_exists(ctx, data.agent_id)
    for name, value in data.model_dump(exclude_unset=True, exclude=_NOT_STORED).items():
        setattr(row, name, value)
    if data.model_fields_set & _CREDENTIALS:
        _seal_credentials(ctx, row, data)
    row.updated_at = ctx.now()
    ctx.resource_id = row.id
    return render(row)


async def release(ctx: Ctx, data: PhoneNumberRef) -> Released:
    """Forget the number and its credentials; it stays with its carrier."""
    row = await _found_locked(ctx, data.id)
    ctx.resource_id = row.id
    await ctx.db.delete(row)
    return Released(released=True)


async def _found_locked(ctx: Ctx, number_id: str) -> PhoneNumber:
    row = await repository.get_locked(ctx.db, number_id)
    if row is None:
        raise _not_found()
    return row


async def _agent_exists(ctx: Ctx, agent_id: str | None) -> None:
    """The agent is held, so that it is not deleted before the number refers to it."""
    if agent_id is not None and await agents.get_locked(ctx.db, agent_id) is None:
        raise NotFound("agent not found", hint="List the agents to find an id.")


def _seal_credentials(ctx: Ctx, row: PhoneNumber, data: PhoneNumberImport | PhoneNumberUpdate) -> None:
    if data.sip_username is None:
        row.sealed_credentials = None
        return
    plain = json.dumps({"username": data.sip_username, "password": data.sip_password}).encode()
    row.sealed_credentials = ctx.deps.secrets.seal(plain, bound_to=f"{row.organization_id}/{row.id}")


def _not_found() -> NotFound:
    return NotFound("not found", hint="List the phone numbers to find an id.")


def _taken() -> Conflict:
    return Conflict(
        "This phone number is in the organization already", "PHONE_NUMBER_TAKEN", hint="Update the number instead."
    )
