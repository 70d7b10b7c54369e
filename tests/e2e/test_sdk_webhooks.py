"""The webhooks resource of the official Python SDK, unmodified, against the gateway. See tests/e2e/sdk/install.sh."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.deps import Deps, build_deps
from speko_core.settings import Settings
from speko_core.webhooks import service
from speko_core.webhooks.jobs import KINDS
from speko_gateway.app import create_app
from tests.conftest import add_tenant, with_deps
from tests.e2e.test_sdk_python import PYTHON
from tests.serving import served

SCRIPT = Path(__file__).parent / "sdk" / "webhooks.py"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PYTHON.exists(), reason="no official Python SDK: run tests/e2e/sdk/install.sh"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


async def take(request: Request) -> Response:
    """An endpoint that takes everything."""
    return Response("thanks")


def quiet(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False)


async def one_delivery(deps: Deps, organization_id: str) -> str:
    """An event that was delivered to an endpoint of the organization."""
    now = deps.clock.now()
    async with deps.database.transaction(organization_id) as db:
        [delivery_id] = await service.emit(db, organization_id, "call.report", {"summary": "s"}, occurred_at=now)
    jobs = deps.jobs
    assert isinstance(jobs, InlineJobs)
    await jobs.run_due(deps)  # the relay
    await jobs.run_due(deps)  # the attempt
    return delivery_id


async def run_sdk(*arguments: str) -> dict[str, dict[str, object]]:
    process = await asyncio.create_subprocess_exec(
        PYTHON, SCRIPT, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(50):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return dict(json.loads(out))


async def test_the_sdk_manages_webhooks_and_sees_deliveries(settings: Settings) -> None:
    """TEL-10: list, create, get, update, delete, deliveries and redelivery, sync and async."""
    built = build_deps(settings.model_copy(update={"allow_insecure_webhooks": True}))
    deps = with_deps(built, jobs=InlineJobs(KINDS, built.clock))
    tenant = await add_tenant(deps)
    hooks = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
    async with served(quiet(hooks)) as hook, served(quiet(create_app(deps))) as gateway:
        await register(gateway, tenant.key, hook)
        delivery_id = await one_delivery(deps, tenant.organization_id)
        seen = await run_sdk(gateway, tenant.key, f"{hook}/sdk", delivery_id)
    await built.aclose()
    events = ["call.report", "call.transfer.failed", "sms.received"]
    assert seen["sync"] == {
        "created": ["From the SDK", events, "size", {"team": "sales"}],
        "changed": [2000, True, True],
        "page": [delivery_id, 1, None, "workspace"],
        "detail": [1, 200, "call.report"],
        "again": [True, 200, None],
        "missing": "404 NOT_FOUND",
    }
    assert seen["async"] == {"changed": ["Later", {}, True], "deliveries": [0, "manual", True]}


async def register(gateway: str, key: str, hook: str) -> None:
    """An endpoint before the SDK comes."""
    body = {"name": "CRM", "url": f"{hook}/crm", "events": ["call.report"]}
    async with httpx.AsyncClient(base_url=gateway, headers={"Authorization": f"Bearer {key}"}) as client:
        assert (await client.post("/v1/webhooks", json=body)).status_code == 201
