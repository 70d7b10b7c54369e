"""A recording from the worker's upload to the day it is deleted, entered by the doors that workers and owners use."""

import io
import zipfile
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.deps import Deps
from speko_core.jobs import KINDS
from speko_core.ports.blobs import BlobsError
from speko_core.recordings.rules import file_key, limit_bytes
from tests.conftest import Tenant, rest_client, with_deps
from tests.core.sessions_kit import Running, create, running, status
from tests.core.webhook_kit import World, opened_world

HOOK = "https://hooks.example.com/recordings"
SOUND = b"OggS and what was said"
DAY = 86_400.0
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def world(deps: Deps, tenant: Tenant) -> AsyncIterator[World]:
    async with opened_world(deps, tenant) as opened:
        jobs = InlineJobs(KINDS, opened.clock)
        moved = with_deps(opened.deps, jobs=jobs)
        async with rest_client(moved, tenant.key) as rest:
            world = replace(opened, deps=moved, jobs=jobs, rest=rest)
            await world.listen(HOOK, "call.recording")
            yield world


async def upload(session: Running, sound: bytes = SOUND, duration_ms: str = "61500") -> httpx.Response:
    given = {"x-speko-duration-ms": duration_ms}
    return await session.client.put(f"/internal/sessions/{session.id}/recording", content=sound, headers=given)


async def recorded(world: World) -> str:
    """The id of a session that is over and has its recording."""
    async with running(world.deps, world.rest, world.tenant.agent_id) as session:
        await session.finish()
        assert (await upload(session)).status_code == 200
    return session.id


async def fetch(world: World, session_id: str) -> httpx.Response:
    return await world.rest.get(f"/v1/sessions/{session_id}/recording")


async def told(world: World) -> list[dict[str, Any]]:
    await world.work()
    return world.endpoints.bodies(HOOK)


async def test_a_recording_is_fetched_once_by_each_url_and_told_of(world: World) -> None:
    """SES-4, SES-2"""
    async with running(world.deps, world.rest, world.tenant.agent_id) as session:
        assert session.plan["record"] is True
        assert (await status(world.rest, session.id))["recordingStatus"] == "pending"
        assert (await fetch(world, session.id)).json()["code"] == "RECORDING_NOT_AVAILABLE"
        await session.finish()
        assert (await upload(session)).status_code == 200
        assert (await upload(session)).json()["code"] == "RECORDING_NOT_EXPECTED"
    shown = await status(world.rest, session.id)
    assert (shown["recordingStatus"], shown["recordingDurationMs"]) == ("ready", 61_500)
    found = await fetch(world, session.id)
    assert (found.status_code, found.content) == (302, b"")
    assert found.headers["cache-control"] == "no-store"
    file = await world.rest.get(found.headers["location"], headers={"Authorization": ""})
    assert (file.status_code, file.content, file.headers["content-type"]) == (200, SOUND, "audio/ogg")
    assert (await world.rest.get(found.headers["location"])).json()["code"] == "URL_USED"
    late = (await fetch(world, session.id)).headers["location"]
    [event] = await told(world)
    assert (event["type"], event["recording_status"], event["call_id"]) == ("call.recording", "ready", session.id)
    world.clock.advance(301)
    assert (await world.rest.get(late)).json()["code"] == "URL_EXPIRED"
    assert (await world.rest.get(event["recording_url"])).content == SOUND


@pytest.mark.parametrize("who", ["organization", "hipaa", "agent", "session", "meanwhile"])
async def test_a_call_that_may_not_be_recorded_has_no_recording(world: World, who: str) -> None:
    """SES-4, ORG-6: also when the organization says so only after the call was created, or while it runs."""
    settings = {"organization": {"recordingEnabled": False}, "hipaa": {"hipaaMode": True}}.get(who)
    if settings is not None:
        await world.rest.patch("/v1/organization", json=settings)
    if who == "agent":
        await world.rest.patch(f"/v1/agents/{world.tenant.agent_id}", json={"recordingEnabled": False})
    fields = {"recordingEnabled": False} if who == "session" else {}
    if who != "meanwhile":
        created = await create(world.rest, world.tenant.agent_id, **fields)
        assert (await status(world.rest, created["sessionId"]))["recordingStatus"] == "suppressed"
    async with running(world.deps, world.rest, world.tenant.agent_id, **fields) as session:
        assert session.plan["record"] is (who == "meanwhile")
        await world.rest.patch("/v1/organization", json={"recordingEnabled": False})
        refused = await upload(session)
        assert (refused.status_code, refused.json()["code"]) == (409, "RECORDING_NOT_EXPECTED")
    assert (await status(world.rest, session.id))["recordingStatus"] == "suppressed"
    assert (await fetch(world, session.id)).status_code == 404
    assert await world.deps.blobs.size(file_key(world.tenant.organization_id, session.id)) is None
    assert await told(world) == []


async def test_an_organization_that_said_no_after_the_creation_is_heard_at_the_claim(world: World) -> None:
    """SES-4, ORG-6: the worker does not even begin."""
    created = await create(world.rest, world.tenant.agent_id)
    await world.rest.patch("/v1/organization", json={"hipaaMode": True})
    async with rest_client(world.deps, world.deps.worker_token) as worker:
        body = {"instanceId": "w"}
        claimed = (await worker.post(f"/internal/sessions/{created['sessionId']}/claim", json=body)).json()
    assert claimed["plan"]["record"] is False
    assert (await status(world.rest, created["sessionId"]))["recordingStatus"] == "suppressed"


async def test_a_file_larger_than_the_call_can_be_is_a_failed_recording(world: World) -> None:
    """SES-4"""
    async with running(world.deps, world.rest, world.tenant.agent_id, ttlSeconds=1) as session:
        assert (await upload(session, b"x" * (limit_bytes(1) + 1))).status_code == 413
    assert (await status(world.rest, session.id))["recordingStatus"] == "failed"
    [event] = await told(world)
    assert (event["recording_status"], event["recording_url"]) == ("failed", None)


async def test_only_the_sessions_own_worker_uploads(world: World) -> None:
    """SES-4"""
    agent = world.tenant.agent_id
    async with running(world.deps, world.rest, agent) as one, running(world.deps, world.rest, agent) as two:
        assert (await upload(replace(one, client=two.client))).status_code == 403
        assert (await upload(replace(one, client=world.rest))).status_code == 403
        assert (await upload(one, duration_ms="long")).status_code == 400
        other = await two.client.post(f"/internal/sessions/{one.id}/recording-failed")
        assert other.status_code == 404
        assert (await status(world.rest, one.id))["recordingStatus"] == "pending"


class AwayFor:
    """A store that is away for some uploads."""

    def __init__(self, deps: Deps, times: int) -> None:
        self._blobs, self.times = deps.blobs, times

    async def put(self, key: str, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> int:
        self.times -= 1
        if self.times >= 0:
            raise BlobsError("The file store is not available.")
        return await self._blobs.put(key, chunks, limit_bytes=limit_bytes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)


async def test_an_upload_is_repeated_until_the_store_is_back(world: World) -> None:
    """SES-4: meanwhile it is uploading."""
    away = with_deps(world.deps, blobs=AwayFor(world.deps, 1))
    async with rest_client(away, world.tenant.key) as rest, running(away, rest, world.tenant.agent_id) as session:
        assert (await upload(session)).status_code == 503
        assert (await status(rest, session.id))["recordingStatus"] == "uploading"
        assert (await upload(session)).status_code == 200
        assert (await status(rest, session.id))["recordingStatus"] == "ready"


async def test_a_recording_whose_worker_is_lost_or_gave_up_has_failed(world: World) -> None:
    """SES-4"""
    agent = world.tenant.agent_id
    async with running(world.deps, world.rest, agent) as lost, running(world.deps, world.rest, agent) as honest:
        await honest.finish()
        for _ in range(2):
            assert (await honest.client.post(f"/internal/sessions/{honest.id}/recording-failed")).json() == {"ok": True}
        assert (await upload(honest)).status_code == 409
        await world.work(30)
        assert (await status(world.rest, lost.id))["recordingStatus"] == "pending"
        await world.work(30)
    async with running(world.deps, world.rest, agent) as silent:
        await silent.finish()
        await world.work(200)
        assert (await status(world.rest, silent.id))["recordingStatus"] == "pending"
        await world.work(200)
    for session in (lost, honest, silent):
        assert (await status(world.rest, session.id))["recordingStatus"] == "failed"
    assert [event["recording_url"] for event in await told(world)] == [None, None, None]


async def test_recordings_are_deleted_after_their_time_and_with_their_sessions(world: World) -> None:
    """SES-4, OPS-4, ORG-7: thirty days unless the organization says otherwise; what is older than the call goes too."""
    old = await recorded(world)
    await world.work(20 * DAY)
    young, unwanted = await recorded(world), await recorded(world)
    keys = {each: file_key(world.tenant.organization_id, each) for each in (old, young, unwanted)}
    await world.work(11 * DAY)
    gone = await status(world.rest, old)
    assert (gone["recordingStatus"], gone["recordingObjectPath"], gone["status"]) == (None, None, "ended")
    assert (await fetch(world, old)).status_code == 404
    assert (await fetch(world, young)).status_code == 302
    assert (await world.rest.delete(f"/v1/sessions/{unwanted}")).status_code == 200
    await world.work()
    assert [await world.deps.blobs.size(key) for key in keys.values()] == [None, len(SOUND), None]
    await world.rest.patch("/v1/organization", json={"retentionDays": 1})
    await world.work(3700)
    assert (await world.rest.get(f"/v1/sessions/{young}")).status_code == 404
    assert await world.deps.blobs.size(keys[young]) is None


async def test_the_archive_of_an_organization_has_its_recordings(world: World) -> None:
    """ORG-7"""
    session_id = await recorded(world)
    asked = (await world.rest.post("/v1/organization/exports")).json()
    await world.work()
    ready = (await world.rest.get(f"/v1/organization/exports/{asked['id']}")).json()
    archive = zipfile.ZipFile(io.BytesIO((await world.rest.get(ready["url"])).content))
    assert archive.read(f"recordings/{session_id}.ogg") == SOUND
