"""The do-not-call list, over both doors and on both engines."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from speko_core.do_not_call.service import is_blocked
from tests.conftest import Tenant
from tests.doors.doors import Door, open_door

NUMBER = "+14155550123"
OTHER = "+442071838750"


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def blocked(deps: Deps, organization_id: str, number: str = NUMBER) -> bool:
    async with deps.database.transaction(organization_id, read_only=True) as db:
        return await is_blocked(db, organization_id, number)


async def test_an_added_number_is_listed_and_removed(door: Door, deps: Deps, tenant: Tenant) -> None:
    """A number is blocked from the moment it is added until it is removed."""
    added = await door.call("do_not_call.add", number=NUMBER, note="  asked on the phone ")
    assert added.code is None, added.message
    assert (added.value["number"], added.value["note"]) == (NUMBER, "asked on the phone")
    assert added.value["createdAt"].endswith("Z")
    listed = (await door.call("do_not_call.list")).value
    assert [entry["id"] for entry in listed["entries"]] == [added.value["id"]]
    assert listed["nextCursor"] is None
    assert await blocked(deps, tenant.organization_id)
    assert (await door.call("do_not_call.remove", id=added.value["id"])).value["deleted"] is True
    assert not await blocked(deps, tenant.organization_id)
    assert (await door.call("do_not_call.remove", id=added.value["id"])).code == "NOT_FOUND"


async def test_a_number_added_twice_answers_the_first_entry(door: Door) -> None:
    """Adding is idempotent; the first note stays."""
    first = await door.call("do_not_call.add", number=NUMBER, note="first")
    again = await door.call("do_not_call.add", number=NUMBER, note="second")
    assert (again.code, again.value["id"], again.value["note"]) == (None, first.value["id"], "first")
    assert len((await door.call("do_not_call.list")).value["entries"]) == 1


async def test_the_list_is_paged_newest_first_and_finds_one_number(door: Door) -> None:
    """`cursor` continues where the page before it ended."""
    numbers = [f"+1415555010{digit}" for digit in range(5)]
    for number in numbers:
        await door.call("do_not_call.add", number=number)
    seen, cursor = [], None
    for _ in range(3):
        page = (await door.call("do_not_call.list", limit=2, **({"cursor": cursor} if cursor else {}))).value
        seen += [entry["number"] for entry in page["entries"]]
        cursor = page["nextCursor"]
    assert (seen, cursor) == (numbers[::-1], None)
    one = await door.call("do_not_call.list", number=numbers[3])
    assert [entry["number"] for entry in one.value["entries"]] == [numbers[3]]
    assert (await door.call("do_not_call.list", number=OTHER)).value["entries"] == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "number"),
        ({"number": "4155550123"}, "number"),
        ({"number": "+1 415 555 0123"}, "number"),
        ({"number": "+0155550123"}, "number"),
        ({"number": "+1234567890123456"}, "number"),
        ({"number": "+14155550123\n"}, "number"),
        ({"number": "+1415555٠١٢٣"}, "number"),
        ({"number": NUMBER, "note": "x" * 501}, "note"),
        ({"number": NUMBER, "note": "a\x00b"}, "note"),
    ],
)
async def test_a_wrong_field_is_named_without_its_value(door: Door, arguments: dict[str, object], field: str) -> None:
    """A number is personal data, also in an error."""
    answer = await door.call("do_not_call.add", **arguments)
    assert answer.code == "VALIDATION_ERROR"
    assert field in answer.message
    assert "5550123" not in answer.message.replace(NUMBER, "")


async def test_a_plus_that_was_lost_in_a_url_is_explained(rest: httpx.AsyncClient) -> None:
    """Forms read + as a space: an empty page would look like "not on the list"."""
    answer = await rest.get(f"/v1/do-not-call?number={NUMBER}")
    assert answer.status_code == 400
    assert "%2B" in answer.json()["error"]


async def test_a_list_holds_for_its_organization_only(
    rest: httpx.AsyncClient, other_rest: httpx.AsyncClient, deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1"""
    mine = (await rest.post("/v1/do-not-call", json={"number": NUMBER})).json()
    assert (await other_rest.get("/v1/do-not-call")).json()["entries"] == []
    assert not await blocked(deps, other_tenant.organization_id)
    theirs = (await other_rest.post("/v1/do-not-call", json={"number": NUMBER})).json()
    assert theirs["id"] != mine["id"]
    await other_rest.delete(f"/v1/do-not-call/{theirs['id']}")
    assert await blocked(deps, tenant.organization_id)


async def test_installation_wide_work_asks_for_one_organization(
    rest: httpx.AsyncClient, deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-1: where the guard is lifted, the stated organization decides."""
    await rest.post("/v1/do-not-call", json={"number": NUMBER})
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        assert await is_blocked(db, tenant.organization_id, NUMBER)
        assert not await is_blocked(db, tenant.organization_id, OTHER)
        assert not await is_blocked(db, other_tenant.organization_id, NUMBER)
        with pytest.raises(ValueError, match=r"E\.164"):
            await is_blocked(db, tenant.organization_id, NUMBER.removeprefix("+"))


async def test_twenty_concurrent_additions_make_one_entry(rest: httpx.AsyncClient) -> None:
    """Whoever loses the race answers the winner's entry."""
    answers = await asyncio.gather(*(rest.post("/v1/do-not-call", json={"number": NUMBER}) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_numbers_are_not_logged(door: Door, rest: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """No line of ours holds the number, in its text or in its attributes; the audit log holds the id."""
    with caplog.at_level(logging.DEBUG, "speko"), caplog.at_level(logging.DEBUG, "speko_core"):
        entry = await door.call("do_not_call.add", number=NUMBER)
        await door.call("do_not_call.list", number=NUMBER)
        await door.call("do_not_call.add", number=f"{NUMBER}x")
        await door.call("do_not_call.remove", id=entry.value["id"])
    assert not [record for record in caplog.records if NUMBER[1:] in str(vars(record))]
    audit = (await rest.get("/v1/audit-log")).json()["entries"]
    assert [row["resourceId"] for row in audit if row["operation"].startswith("do_not_call.")] == [
        entry.value["id"]
    ] * 2
    assert NUMBER[1:] not in str(audit)
