"""Knowledge bases in the whole product: the official Python SDK, unmodified, and a jobs role that is killed."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.e2e.running_product import Product
from tests.e2e.test_sdk_python import PYTHON
from tests.serving import served

SCRIPT = Path(__file__).parent / "sdk" / "knowledge.py"
PAGE = b"# Returns\n\nSend the goods back within 30 days.\n\n# Refunds\n\nWithin five working days.\n"
DEADLINE_S = 60.0

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


@pytest.mark.skipif(not PYTHON.exists(), reason="no official Python SDK: run tests/e2e/sdk/install.sh")
def test_the_official_sdk_works_through_its_whole_resource(product: Product) -> None:
    """AGT-6, wire 34, 42 and 43: sync and async, with upload and polling."""
    command = [str(PYTHON), str(SCRIPT), product.base_url, product.links["live_key"]]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["sync"] == {
        "default": ["Default"],
        "base": ["Shop", "All of it", True],
        "uploaded": "processing",
        "ready": ["ready", 1, {"by": "sdk"}, True],
        "failure": seen["sync"]["failure"],
        "registered": ["pending", "PUT", "processing", "ready"],
        "counts": [3, 2],
        "documents": [["returns.md", "ready"], ["a.txt", "failed"], ["b.md", "ready"]],
        "deleted": [True, True, True],
    }
    assert seen["sync"]["failure"].startswith("DOCUMENT_INGEST_FAILED")
    assert "not text" in seen["sync"]["failure"]
    assert seen["async"] == {
        "ready": "ready",
        "upload": ["PUT", 600],
        "listed": ["ready", "pending"],
        "seen": ["pending", "processing"],
        "counts": [2, 2],
        "deleted": [True, True],
        "gone": True,
    }


class Site:
    """A page that stalls in its middle the first time it is asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.stalled = asyncio.Event()

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        body = self._stalling() if self.asked == 1 else self._whole()
        return StreamingResponse(body, media_type="text/markdown")

    async def _stalling(self) -> AsyncIterator[bytes]:
        yield PAGE[:20]
        self.stalled.set()
        await asyncio.sleep(DEADLINE_S)

    async def _whole(self) -> AsyncIterator[bytes]:
        yield PAGE


async def test_a_document_is_read_to_the_end_although_the_jobs_role_was_killed(product: Product) -> None:
    """AGT-6 and OPS-2: kill -9 in the middle of a reading; the next process takes it up, once."""
    site = Site()
    headers = {"Authorization": f"Bearer {product.links['live_key']}"}
    app = Starlette(routes=[Route("/{name}", site.answer)])
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
    async with served(config) as url, httpx.AsyncClient(base_url=product.base_url, headers=headers) as http:
        base = (await http.get("/v1/knowledge-bases")).json()[0]["id"]
        path = f"/v1/knowledge-bases/{base}/documents"
        added = (await http.post(f"{path}/url", json={"url": f"{url}/returns.md"})).json()["id"]
        await asyncio.wait_for(site.stalled.wait(), DEADLINE_S)
        for pid in product.pids("jobs"):
            os.kill(pid, signal.SIGKILL)
        row = await _read(http, f"{path}/{added}")
        found = (await http.post(f"/v1/knowledge-bases/{base}/search", json={"query": "refunds"})).json()["results"]
        await http.delete(f"{path}/{added}")
    assert (row["status"], row["chunkCount"], row["errorMessage"], site.asked) == ("ready", 2, None, 2)
    assert [hit["heading"] for hit in found if hit["documentId"] == added] == ["Refunds"]


async def _read(http: httpx.AsyncClient, path: str) -> dict[str, object]:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            row: dict[str, object] = (await http.get(path)).json()
            if row["status"] != "processing":
                return row
            await asyncio.sleep(0.2)
