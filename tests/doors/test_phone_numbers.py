"""Phone numbers of the organization's own, over both doors and on both engines."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import select

from speko_core.deps import Deps
from speko_core.telephony.models import PhoneNumber
from tests.conftest import Tenant
from tests.doors.doors import Answer, Door, open_door

NUMBER = "+14155550123"
TRUNK = {"e164": NUMBER, "sipAddress": "sip.example.com:5061"}


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def stored(deps: Deps, organization_id: str, number_id: str) -> PhoneNumber:
    async with deps.database.transaction(organization_id, read_only=True) as db:
        return (await db.execute(select(PhoneNumber).where(PhoneNumber.id == number_id))).scalar_one()


def row_of(answer: Answer) -> dict[str, object]:
    """The number alone: a tool says besides what usually comes next."""
    assert answer.code is None, answer.message
    return {name: value for name, value in answer.value.items() if name != "next_steps"}


async def test_an_imported_number_is_listed_changed_and_released(door: Door, tenant: Tenant) -> None:
    """TEL-1: `agentId` attaches and null detaches; what is not named stays."""
    imported = await door.call("phone_numbers.import", **TRUNK, label=" Front desk ", sipProviderName="Acme Telecom")
    row = row_of(imported)
    assert (row["e164"], row["source"], row["direction"], row["label"]) == (NUMBER, "sip_trunk", "both", "Front desk")
    assert (row["organizationId"], row["sipAddress"]) == (tenant.organization_id, TRUNK["sipAddress"])
    assert (await door.call("phone_numbers.list")).value == [row]
    attached = (await door.call("phone_numbers.update", id=row["id"], agentId=tenant.agent_id)).value
    assert (attached["agentId"], attached["label"]) == (tenant.agent_id, "Front desk")
    changed = row_of(await door.call("phone_numbers.update", id=row["id"], agentId=None, direction="inbound"))
    assert (changed["agentId"], changed["direction"], changed["sipProviderName"]) == (None, "inbound", "Acme Telecom")
    assert row_of(await door.call("phone_numbers.get", id=row["id"])) == changed
    assert (await door.call("phone_numbers.release", id=row["id"])).value["released"] is True
    assert (await door.call("phone_numbers.get", id=row["id"])).code == "NOT_FOUND"
    assert (await door.call("phone_numbers.list")).value == []


async def test_the_setup_says_that_no_calls_are_possible(door: Door, tenant: Tenant) -> None:
    """TEL-1: nothing is called ready that is not, and an own number is never charged."""
    row = (await door.call("phone_numbers.import", **TRUNK)).value
    setup = row["setupStatus"]
    assert setup["status"] == "action_required"
    assert [setup[f"{name}Ready"] for name in ("inbound", "outbound", "agent", "sipConnection")] == [False] * 4
    assert [issue.split()[0] for issue in setup["issues"]] == ["Telephony", "Attach"]
    assert row["nextChargeAt"] == "9999-01-01T00:00:00.000Z"
    for change in ({"agentId": tenant.agent_id}, {"agentId": None, "dispatchMetadataTemplate": {"line": "{{x}}"}}):
        setup = (await door.call("phone_numbers.update", id=row["id"], **change)).value["setupStatus"]
        assert (setup["agentReady"], setup["inboundReady"], len(setup["issues"])) == (True, False, 1)
    alone = {"dispatchMetadataTemplate": None, "direction": "outbound"}
    setup = (await door.call("phone_numbers.update", id=row["id"], **alone)).value["setupStatus"]
    assert (setup["agentReady"], [issue.split()[0] for issue in setup["issues"]]) == (False, ["Telephony"])


async def test_the_trunk_s_credentials_are_sealed_and_never_answered(door: Door, deps: Deps, tenant: Tenant) -> None:
    """ORG-8: they open for their own row only; others replace them, null forgets them."""
    secret = {"sipUsername": "trunk-user", "sipPassword": "pass-8841"}
    imported = (await door.call("phone_numbers.import", **TRUNK, **secret)).value
    assert imported["sipCredentialsStored"] is True
    row = await stored(deps, tenant.organization_id, imported["id"])
    assert row.sealed_credentials is not None
    opened = deps.secrets.open(row.sealed_credentials, bound_to=f"{tenant.organization_id}/{row.id}")
    assert json.loads(opened) == {"username": "trunk-user", "password": "pass-8841"}
    with pytest.raises(ValueError, match="open"):
        deps.secrets.open(row.sealed_credentials, bound_to=f"{tenant.organization_id}/pn_other")
    renamed = (await door.call("phone_numbers.update", id=row.id, label="x")).value
    assert (await stored(deps, tenant.organization_id, row.id)).sealed_credentials == row.sealed_credentials
    replaced = {"sipUsername": "trunk-user", "sipPassword": "pass-9952"}
    assert (await door.call("phone_numbers.update", id=row.id, **replaced)).value["sipCredentialsStored"] is True
    assert (await stored(deps, tenant.organization_id, row.id)).sealed_credentials != row.sealed_credentials
    none = (await door.call("phone_numbers.update", id=row.id, sipUsername=None, sipPassword=None)).value
    assert none["sipCredentialsStored"] is False
    assert "trunk-user" not in str([imported, renamed, none])


async def test_a_number_is_in_an_organization_once(door: Door, other_rest: httpx.AsyncClient) -> None:
    """TEL-1: another organization may have it too, and sees only its own."""
    await door.call("phone_numbers.import", **TRUNK)
    assert (await door.call("phone_numbers.import", **TRUNK)).code == "PHONE_NUMBER_TAKEN"
    theirs = await other_rest.post("/v1/phone-numbers/import", json=TRUNK)
    assert theirs.status_code == 200
    assert len((await other_rest.get("/v1/phone-numbers")).json()) == 1


async def test_another_organizations_agent_is_not_found(door: Door, other_tenant: Tenant) -> None:
    """ORG-1: on import and on update, and nothing is written."""
    refused = await door.call("phone_numbers.import", **TRUNK, agentId=other_tenant.agent_id)
    assert refused.code == "NOT_FOUND"
    row = row_of(await door.call("phone_numbers.import", **TRUNK))
    refused = await door.call("phone_numbers.update", id=row["id"], label="x", agentId=other_tenant.agent_id)
    assert refused.code == "NOT_FOUND"
    assert row_of(await door.call("phone_numbers.get", id=row["id"])) == row


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"e164": None}, "e164"),
        ({"e164": "4155550123"}, "e164"),
        ({"e164": "+123456"}, "e164"),
        ({"e164": "+14155550123\n"}, "e164"),
        ({"e164": "+1415555٠١٢٣"}, "e164"),
        ({"direction": "sideways"}, "direction"),
        ({"sipAddress": None}, "sipTrunkId"),
        ({"sipAddress": "sip.example.com/x"}, "sipAddress"),
        ({"sipPassword": "alone"}, "sipUsername"),
        ({"dispatchMetadataTemplate": {"x": "y" * 16_384}}, "dispatchMetadataTemplate"),
    ],
)
async def test_a_wrong_field_is_named_without_its_value(
    rest: httpx.AsyncClient, change: dict[str, object], field: str
) -> None:
    """A number is personal data, also in an error."""
    answer = await rest.post("/v1/phone-numbers/import", json={**TRUNK, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert field in answer.json()["error"]
    assert "4155550123" not in answer.json()["error"].replace(NUMBER, "")


@pytest.mark.parametrize("name", ["direction", "sipAddress", "smsAutomationEnabled"])
async def test_what_cannot_be_is_refused_on_update(rest: httpx.AsyncClient, name: str) -> None:
    """TEL-1: neither direction nor trunk can be cleared, and text messages cannot be switched on."""
    row = (await rest.post("/v1/phone-numbers/import", json=TRUNK)).json()
    change = {name: True if name == "smsAutomationEnabled" else None}
    answer = await rest.patch(f"/v1/phone-numbers/{row['id']}", json=change)
    assert answer.status_code == 400
    assert name in answer.json()["error"]


async def test_a_deleted_agent_leaves_its_number(rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """The number stays, and its setup says that nobody answers."""
    agent = {"name": "Second", "systemPrompt": "Brief.", "intent": {"language": "en-US"}}
    await rest.post("/v1/agents", json=agent)
    row = (await rest.post("/v1/phone-numbers/import", json={**TRUNK, "agentId": tenant.agent_id})).json()
    assert (await rest.delete(f"/v1/agents/{tenant.agent_id}")).status_code == 200
    left = (await rest.get(f"/v1/phone-numbers/{row['id']}")).json()
    assert (left["agentId"], left["setupStatus"]["agentReady"]) == (None, False)


async def test_what_needs_a_carrier_has_no_route(rest: httpx.AsyncClient) -> None:
    """TEL-1: numbers are not searched, bought or verified here, and nothing pretends to."""
    assert (await rest.get("/v1/phone-numbers/available")).status_code == 404
    assert (await rest.get("/v1/phone-numbers/kyb")).status_code == 404
    assert (await rest.post("/v1/phone-numbers", json={"e164": NUMBER})).status_code == 405


async def test_concurrent_imports_make_one_number(rest: httpx.AsyncClient) -> None:
    """TEL-1: whoever loses the race hears that the number is there."""
    answers = await asyncio.gather(*(rest.post("/v1/phone-numbers/import", json=TRUNK) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


async def test_numbers_and_credentials_are_not_logged(
    door: Door, rest: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The audit log names a number by its id."""
    secret = {"sipUsername": "trunk-user", "sipPassword": "pass-8841"}
    with caplog.at_level(logging.DEBUG, "speko"), caplog.at_level(logging.DEBUG, "speko_core"):
        row = (await door.call("phone_numbers.import", **TRUNK, **secret)).value
        await door.call("phone_numbers.import", **TRUNK, **secret)
        await door.call("phone_numbers.release", id=row["id"])
    logged = str([vars(record) for record in caplog.records])
    audit = (await rest.get("/v1/audit-log")).json()["entries"]
    entries = [entry["resourceId"] for entry in audit if entry["operation"].startswith("phone_numbers.")]
    assert entries == [row["id"]] * 2
    assert not [word for word in (NUMBER[1:], "trunk-user", "pass-8841") if word in logged + str(audit)]
