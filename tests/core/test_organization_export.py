"""The archive of an organization's data."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.deps import Deps
from speko_core.jobs import KINDS
from tests.conftest import Tenant, rest_client, with_deps
from tests.core.sessions_kit import running, turn
from tests.twins import MovedClock

SECRET = "whsec_c3Bla28tdGVzdC1zZWNyZXQtMzI="


def _rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


async def _fetched(client: httpx.AsyncClient, deps: Deps, clock: MovedClock, jobs: InlineJobs) -> zipfile.ZipFile:
    asked = await client.post("/v1/organization/exports")
    assert (asked.status_code, asked.json()["status"]) == (202, "pending")
    path = f"/v1/organization/exports/{asked.json()['id']}"
    assert (await client.get(path)).json()["status"] == "pending"
    clock.advance(1)
    await jobs.run_due(deps)
    ready = (await client.get(path)).json()
    assert ready["status"] == "ready"
    answer = await client.get(ready["url"], headers={"Authorization": ""})
    assert len(answer.content) == ready["sizeBytes"]
    return zipfile.ZipFile(io.BytesIO(answer.content))


async def test_an_archive_has_all_of_one_organization_and_nothing_of_another_and_no_credential(
    deps: Deps, tenant: Tenant, other_tenant: Tenant
) -> None:
    """ORG-7, ORG-8"""
    clock = MovedClock()
    jobs = InlineJobs(KINDS, clock)
    moved = with_deps(deps, clock=clock, jobs=jobs)
    async with rest_client(moved, tenant.key) as client, rest_client(moved, other_tenant.key) as other:
        await client.patch(
            f"/v1/agents/{tenant.agent_id}",
            json={"webhooks": {"status": {"url": "https://example.com", "secret": SECRET}}},
        )
        await client.put("/v1/providers", json={"provider": "deepgram", "apiKey": "dg-very-secret"})
        async with (
            running(moved, client, tenant.agent_id) as session,
            running(moved, other, other_tenant.agent_id) as no,
        ):
            await session.post_turns(turn(0, "my own words"))
            await no.post_turns(turn(0, "their words"))
        archive = await _fetched(client, moved, clock, jobs)
        assert [row["name"] for row in _rows(archive, "agents")] == ["Default"]
        assert [row["text"] for row in _rows(archive, "session_turns")] == ["my own words"]
        assert [row["number"] for row in _rows(archive, "agent_versions")] == [1, 2]
        assert [row["id"] for row in _rows(archive, "organizations")] == [tenant.organization_id]
        assert [row["role"] for row in _rows(archive, "users")] == ["owner"]
        everything = b"".join(archive.read(name) for name in archive.namelist())
        for secret in (SECRET, "dg-very-secret", tenant.key, "their words", other_tenant.organization_id):
            assert secret.encode() not in everything


async def test_an_archive_is_gone_after_a_week(deps: Deps, tenant: Tenant) -> None:
    """ORG-7"""
    clock = MovedClock()
    jobs = InlineJobs(KINDS, clock)
    moved = with_deps(deps, clock=clock, jobs=jobs)
    async with rest_client(moved, tenant.key) as client:
        path = f"/v1/organization/exports/{(await client.post('/v1/organization/exports')).json()['id']}"
        clock.advance(1)
        await jobs.run_due(moved)
        assert (await client.get(path)).json()["status"] == "ready"
        # Files have the time of the machine, whatever the clock here says.
        clock.advance((datetime.now(UTC) + timedelta(days=8) - clock.now()).total_seconds())
        await jobs.run_due(moved)
        assert (await client.get(path)).status_code == 404
