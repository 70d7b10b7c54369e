"""The agent tools of the official Python SDK, unmodified, against the gateway. See tests/e2e/sdk/install.sh."""

import asyncio
import json
from pathlib import Path

import pytest
import uvicorn

from speko_core.deps import Deps
from speko_gateway.app import create_app
from tests.conftest import Tenant
from tests.e2e.test_sdk_python import PYTHON
from tests.gateway.pet_shop import SECRET, PetShop, guide_deps, shop, tenant
from tests.serving import served

__all__ = ["guide_deps", "shop", "tenant"]

SCRIPT = Path(__file__).parent / "sdk" / "tools.py"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PYTHON.exists(), reason="no official Python SDK: run tests/e2e/sdk/install.sh"),
]


async def test_the_sdk_manages_tools_and_has_them_called(guide_deps: Deps, tenant: Tenant, shop: PetShop) -> None:
    """AGT-2, AGT-3: every method, sync and async; `list_chat_tools` goes back to `complete` as it came."""
    app = uvicorn.Config(create_app(guide_deps), log_level="critical", lifespan="off", access_log=False)
    async with served(app) as gateway:
        process = await asyncio.create_subprocess_exec(
            PYTHON, SCRIPT, gateway, tenant.test_key, tenant.agent_id, shop.url, SECRET,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(50):
            out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen = json.loads(out)
    reference = f"webhook:{tenant.agent_id}:lookup_pet"
    assert "corgi" in seen["sync"].pop("answer")
    assert seen["sync"] == {
        "made": ["webhook", reference, "builtin", None, None],
        "changed": ["Look up any pet.", "never", True],
        "listed": ["lookup_pet", "hang_up"],
        "gone": [True, "404 NOT_FOUND"],
    }
    assert seen["async"] == {
        "events": [
            ["meta", 0], ["server_tool_call", "started"], ["server_tool_call", "completed"], ["meta", 1], ["done", None]
        ],
        "simulation": [{"name": "Mocky"}, None, "never"],
        "made": ["hang_up", "builtin"],
        "gone": [True, True],
    }  # fmt: skip
    assert shop.bodies == [{"name": "Luna"}, {"name": "Luna"}]
