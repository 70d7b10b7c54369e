"""Events reach endpoints: once they happened, signed, again until taken, in order per call."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.deps import Deps
from speko_core.types import JsonObject
from speko_core.webhooks import claims, rules, service
from speko_core.webhooks.jobs import KINDS
from tests.conftest import Tenant, with_deps
from tests.core.webhook_kit import World, opened_world

HOOK, OTHER = "https://hooks.example.com/a", "https://other.example.com/b"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CALL, OTHER_CALL = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
DAY_S = 24 * 3600


@pytest.fixture
async def world(deps: Deps, tenant: Tenant) -> AsyncIterator[World]:
    async with opened_world(deps, tenant) as opened:
        yield opened


async def test_an_event_arrives_signed_and_is_shown_with_its_attempt(world: World) -> None:
    """TEL-10: what arrived, its answer, and no secret."""
    secret_header = {"name": "Authorization", "value": "Bearer hush"}
    own = {"signingSecret": SECRET, "signingSecretSource": "custom", "authHeaders": [secret_header]}
    await world.listen(HOOK, headers={"x-team": "sales"}, **own)
    world.endpoints.answers[HOOK] = [httpx.Response(201, text="thanks")]
    [delivery_id] = await world.emit(payload={"summary": "Lúna booked"}, session_id=CALL)
    await world.work()
    [request] = world.endpoints.received[HOOK]
    assert Webhook(SECRET).verify(request.content, dict(request.headers)) == world.endpoints.bodies(HOOK)[0]
    assert request.headers["webhook-id"] == delivery_id
    assert (request.headers["authorization"], request.headers["x-team"]) == ("Bearer hush", "sales")
    body = world.endpoints.bodies(HOOK)[0]
    seen = await world.delivery(delivery_id)
    assert (
        body == {"type": "call.report", "event_id": seen["eventId"], "summary": "Lúna booked"} == seen["requestPayload"]
    )
    [attempt] = seen["attempts"]
    assert (seen["status"], seen["attemptCount"], seen["httpStatus"], seen["error"]) == ("succeeded", 1, 201, None)
    assert (attempt["trigger"], attempt["responseBody"], attempt["responseTruncated"]) == ("automatic", "thanks", False)
    assert attempt["requestHeaders"]["Authorization"] == "[hidden]"
    assert "hush" not in str(seen)


async def test_what_was_rolled_back_is_told_nobody(world: World) -> None:
    """TEL-4: the outbox row lives and dies with the event's transaction."""
    await world.listen(HOOK)
    organization_id = world.tenant.organization_id
    with suppress(ZeroDivisionError):
        async with world.deps.database.transaction(organization_id) as db:
            await service.emit(db, organization_id, "call.report", {}, occurred_at=world.clock.now())
            raise ZeroDivisionError
    await world.work()
    assert world.endpoints.received == {}


async def test_a_failing_endpoint_is_tried_again_with_the_same_id(world: World) -> None:
    """TEL-4: status, no answer and redirects alike; each attempt is kept."""
    await world.listen(HOOK)
    world.endpoints.answers[HOOK] = [500, httpx.ConnectError("x"), httpx.ReadTimeout("x"), 302, 404]
    [delivery_id] = await world.emit()
    for _ in range(7):
        await world.work(200)
    assert world.endpoints.ids(HOOK) == [delivery_id] * 6
    seen = await world.delivery(delivery_id)
    assert seen["status"] == "succeeded"
    assert [attempt["responseStatus"] for attempt in seen["attempts"]] == [500, None, None, None, 404, 200]
    assert [attempt["error"] for attempt in seen["attempts"]][:3] == [
        "the endpoint answered 500", "the endpoint could not be reached", "the endpoint did not answer in time",
    ]  # fmt: skip


async def test_events_of_a_call_wait_for_the_one_before_and_nothing_else_does(world: World) -> None:
    """TEL-4: order per call and endpoint; another call and another endpoint go on."""
    await world.listen(HOOK, "call.status", "call.report")
    await world.listen(OTHER, "call.status", "call.report")
    world.endpoints.answers[HOOK] = [500]
    for event in ("call.status", "call.report"):
        await world.emit(event, session_id=CALL)
    await world.work()
    assert [body["type"] for body in world.endpoints.bodies(HOOK)] == ["call.status"]
    assert [body["type"] for body in world.endpoints.bodies(OTHER)] == ["call.status", "call.report"]
    await world.emit(session_id=OTHER_CALL)
    await world.work()
    assert [body["type"] for body in world.endpoints.bodies(HOOK)] == ["call.status", "call.report"]
    await world.work(60)
    assert [body["type"] for body in world.endpoints.bodies(HOOK)][2:] == ["call.status", "call.report"]
    assert await world.statuses() == ["succeeded"] * 6


async def test_after_a_day_a_delivery_expires_and_the_next_one_has_its_turn(world: World) -> None:
    """TEL-4: at least until the day is over, then the call goes on."""
    await world.listen(HOOK, "call.status", "call.report")
    world.endpoints.always[HOOK] = 503
    await world.emit("call.status", session_id=CALL)
    await world.emit("call.report", session_id=CALL)
    for _ in range(60):
        await world.work(DAY_S / 50)
    assert await world.statuses() == ["expired", "expired"]
    first, second = (await world.deliveries())[::-1]
    assert 15 <= first["attempts"] <= 30
    assert second["attempts"] >= 1
    last = (await world.delivery(first["id"]))["attempts"][-1]
    assert last["createdAt"] >= first["expiresAt"]


async def test_control_events_are_tried_once_and_410_is_a_last_word(world: World) -> None:
    """TEL-4: a late `call.ringing` misleads; a receiver that is gone is not asked again."""
    await world.listen(HOOK, "call.ringing", "call.report")
    world.endpoints.answers[HOOK] = [500, 410]
    await world.emit("call.ringing")
    await world.work()
    await world.emit("call.report")
    await world.work(DAY_S / 2)
    assert len(world.endpoints.received[HOOK]) == 2
    assert await world.statuses() == ["failed", "failed"]


async def test_a_deleted_endpoint_gets_nothing_more(world: World) -> None:
    """TEL-10: what waits is cancelled, and the list says that the endpoint is gone."""
    hook = await world.listen(HOOK)
    world.endpoints.always[HOOK] = 500
    await world.emit()
    await world.work()
    assert (await world.rest.delete(f"/v1/webhooks/{hook['id']}")).status_code == 200
    await world.emit()
    await world.work(3600)
    assert len(world.endpoints.received[HOOK]) == 1
    page = (await world.rest.get("/v1/webhook-deliveries")).json()
    assert [(row["status"], row["endpointDeleted"], row["canRedeliver"]) for row in page["data"]] == [
        ("cancelled", True, False)
    ]
    assert page["endpointOptions"] == [
        {"id": hook["id"], "name": "hooks.example.com/a", "kind": "workspace", "deleted": True}
    ]


async def test_an_attempt_that_was_lost_with_its_process_is_made_again(world: World) -> None:
    """OPS-2: a claim runs out, and the late holder of an old claim does nothing."""
    await world.listen(HOOK)
    [delivery_id] = await world.emit()
    lost = with_deps(world.deps, jobs=InlineJobs(KINDS, world.clock))
    relay, attempt = KINDS[0], KINDS[1]
    assert await relay.run(lost, {}) == {"claimed": 1}
    await world.work()
    assert world.endpoints.received == {}
    await world.work(claims.CLAIM_VALID.total_seconds())
    assert world.endpoints.ids(HOOK) == [delivery_id]
    late: JsonObject = {"organizationId": world.tenant.organization_id, "deliveryId": delivery_id, "claim": 1}
    assert await attempt.run(world.deps, late) == {"status": "succeeded"}
    assert world.endpoints.ids(HOOK) == [delivery_id]


async def test_a_slow_endpoint_holds_a_bounded_number_of_requests(world: World) -> None:
    """TEL-4: a backlog of one endpoint leaves room for another."""
    await world.listen(HOOK)
    for _ in range(claims.PER_ENDPOINT + 3):
        await world.emit()
    await world.listen(OTHER)
    await world.emit()
    async with world.deps.database.transaction(None, all_organizations=True) as db:
        claimed = await claims.claim_due(db, world.clock.now())
    assert len(claimed) == claims.PER_ENDPOINT + 1


async def test_endpoints_hear_of_their_events_agents_and_tags_only(world: World) -> None:
    """TEL-10: filters match exactly."""
    agent_id = world.tenant.agent_id
    await world.listen(HOOK, filterTags={"team": "sales"})
    await world.listen(OTHER, allAgents=False, agentIds=[agent_id])
    await world.emit("call.status", webhook_tags={"team": "sales"}, agent_id=agent_id)
    await world.emit(webhook_tags={"team": "sales", "more": "1"})
    await world.emit(webhook_tags={"team": "support"})
    await world.emit(agent_id="agent_other")
    await world.emit(agent_id=agent_id)
    await world.work()
    assert len(world.endpoints.received[HOOK]) == len(world.endpoints.received[OTHER]) == 1


async def test_metadata_only_leaves_out_what_was_said(world: World) -> None:
    """TEL-10: an endpoint without content learns who, what and when."""
    await world.listen(HOOK, contentMode="metadata_only")
    said: JsonObject = {
        "summary": "s",
        "transcript": {"entries": []},
        "structured_data": {},
        "custom_data": {},
        "metadata": {"a": 1},
    }
    [delivery_id] = await world.emit(payload={**said, "session_id": CALL, "duration_seconds": 3})
    await world.work()
    [body] = world.endpoints.bodies(HOOK)
    assert set(body) == {"type", "event_id", "session_id", "duration_seconds"}
    assert (await world.delivery(delivery_id))["requestPayload"] == body


async def test_two_signatures_during_the_overlap_of_a_rotation(world: World) -> None:
    """ORG-6: the old secret signs until the overlap ends, or not at all."""
    rotate = "/v1/organization/webhook-secret/rotate"
    old = (await world.rest.post(rotate, json={})).json()["secret"]
    await world.listen(HOOK)
    rotated = (await world.rest.post(rotate, json={"overlapSeconds": 600})).json()
    assert len(rotated["previous"]) == 1
    await world.emit()
    await world.work()
    await world.work(601)
    await world.emit()
    await world.work()
    both, one = (request.headers["webhook-signature"].split(" ") for request in world.endpoints.received[HOOK])
    assert (len(both), len(one)) == (2, 1)
    request = world.endpoints.received[HOOK][0]
    for secret in (old, rotated["secret"]):
        Webhook(secret).verify(request.content, dict(request.headers))
    assert (await world.rest.get("/v1/organization/webhook-secret")).json()["previous"] == []
    leaked = (await world.rest.post(rotate, json={"overlapSeconds": 0})).json()
    assert leaked["previous"] == []


async def test_a_delivery_is_sent_again_by_hand(world: World) -> None:
    """TEL-10: same id, the answer at once; a failure by hand does not undo a success."""
    await world.listen(HOOK)
    world.endpoints.answers[HOOK] = [410]
    [delivery_id] = await world.emit()
    await world.work()
    redeliver = f"/v1/webhook-deliveries/{delivery_id}/redeliver"
    world.endpoints.answers[HOOK] = [200, 500]
    keyed = {"Idempotency-Key": "again"}
    first = await world.rest.post(redeliver, json={}, headers=keyed)
    assert first.json() == {"delivered": True, "httpStatus": 200, "error": None}
    second = await world.rest.post(redeliver, json={}, headers=keyed)
    assert second.json() == {"delivered": False, "httpStatus": 500, "error": "the endpoint answered 500"}
    seen = await world.delivery(delivery_id)
    assert (seen["status"], seen["attemptCount"]) == ("succeeded", 3)
    assert [attempt["trigger"] for attempt in seen["attempts"]] == ["automatic", "manual", "manual"]
    assert len(set(world.endpoints.ids(HOOK))) == 1
    audited = [entry["operation"] for entry in (await world.rest.get("/v1/audit-log")).json()["entries"]]
    assert audited == ["webhook_deliveries.redeliver"] * 2 + ["webhooks.create"]


async def test_what_is_under_way_or_gone_is_not_sent_by_hand(world: World) -> None:
    """TEL-10"""
    hook = await world.listen(HOOK)
    [delivery_id] = await world.emit()
    async with world.deps.database.transaction(None, all_organizations=True) as db:
        await claims.claim_due(db, world.clock.now())
    redeliver = f"/v1/webhook-deliveries/{delivery_id}/redeliver"
    assert (await world.rest.post(redeliver, json={})).json()["code"] == "NOT_REDELIVERABLE"
    await world.rest.delete(f"/v1/webhooks/{hook['id']}")
    assert (await world.rest.post(redeliver, json={})).status_code == 409


async def test_of_a_long_answer_the_start_is_kept(world: World) -> None:
    """TEL-10: an endpoint cannot fill the database."""
    await world.listen(HOOK)
    world.endpoints.answers[HOOK] = [httpx.Response(200, content=b"\x00\xff" + b"x" * 5_000_000)]
    [delivery_id] = await world.emit()
    await world.work()
    [attempt] = (await world.delivery(delivery_id))["attempts"]
    assert (len(attempt["responseBody"]), attempt["responseTruncated"]) == (4096, True)
    assert attempt["responseBody"].startswith("\ufffd\ufffdx")


async def test_deliveries_are_paged_and_filtered(world: World) -> None:
    """TEL-10"""
    hook = await world.listen(HOOK, "call.status", "call.report")
    for number in range(3):
        await world.emit("call.status" if number else "call.report", session_id=CALL)
        await world.work(1)
    first = (await world.rest.get("/v1/webhook-deliveries", params={"limit": 2})).json()
    rest = (await world.rest.get("/v1/webhook-deliveries", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    ids = [row["id"] for row in (*first["data"], *rest["data"])]
    assert (len(set(ids)), ids, rest["nextCursor"]) == (3, sorted(ids, reverse=True), None)
    one = first["data"][0]
    for filters, count in (
        ({"event": "call.status"}, 2), ({"status": "succeeded"}, 3), ({"status": "failed"}, 0),
        ({"endpointId": hook["id"]}, 3), ({"endpointId": "wh_other"}, 0), ({"sessionId": CALL}, 3),
        ({"eventId": one["eventId"]}, 1), ({"agentId": "agent_x"}, 0), ({"from": one["createdAt"]}, 1),
        ({"to": rest["data"][0]["createdAt"][:-1] + "999Z"}, 1), ({"from": "2020-01-01"}, 3), ({"to": "2020-01-01"}, 0),
    ):  # fmt: skip
        assert len(await world.deliveries(**filters)) == count, filters


async def test_old_deliveries_are_deleted_with_their_attempts(world: World) -> None:
    """OPS-4: a month, with endpoints that are gone; what is newer stays."""
    hook = await world.listen(OTHER)
    await world.rest.delete(f"/v1/webhooks/{hook['id']}")
    await world.listen(HOOK)
    await world.emit()
    await world.work()
    world.endpoints.always[HOOK] = 500
    await world.work(29 * DAY_S)
    [newer] = await world.emit()
    assert len((await world.rest.get("/v1/webhook-deliveries")).json()["endpointOptions"]) == 2
    assert len(await world.deliveries()) == 2
    await world.work(2 * DAY_S)
    assert [row["id"] for row in await world.deliveries()] == [newer]
    assert len((await world.rest.get("/v1/webhook-deliveries")).json()["endpointOptions"]) == 1


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 3.75, 6.25), (3, 15, 25), (40, 5400, 9000)])
def test_pauses_double_up_to_two_hours_and_vary(attempt: int, least: float, most: float) -> None:
    """TEL-4: backoff with jitter."""
    assert rules.pause_s(attempt, 5, 0) == pytest.approx(least)
    assert rules.pause_s(attempt, 5, 1) == pytest.approx(most)
    assert timedelta(hours=24) == rules.LIFETIME
