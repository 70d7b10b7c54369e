"""The agents and voices of the official Python SDK, unmodified, against the gateway. See tests/e2e/sdk/install.sh."""

import asyncio
import json
from pathlib import Path

import pytest
import uvicorn

from speko_core.deps import Deps
from speko_gateway.app import create_app
from tests.conftest import Tenant, on_sqlite
from tests.e2e.test_sdk_python import PYTHON
from tests.serving import served

SCRIPT = Path(__file__).parent / "sdk" / "agents.py"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PYTHON.exists(), reason="no official Python SDK: run tests/e2e/sdk/install.sh"),
    on_sqlite,
]


async def test_the_sdk_manages_agents_their_numbers_and_calls(deps: Deps, tenant: Tenant) -> None:
    """AGT-1, TEL-1, wire 36 and 58: every method, sync and async, with the same answers."""
    app = uvicorn.Config(create_app(deps), log_level="critical", lifespan="off", access_log=False)
    async with served(app) as gateway:
        process = await asyncio.create_subprocess_exec(
            PYTHON, SCRIPT, gateway, tenant.key, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(50):
            out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen = json.loads(out)
    assert seen["sync"] == {
        "made": ["Front desk", "rms", "en-US", "latency", 200, ["local"], ["Speko"], "mood", "Ava"],
        "listed": ["Default", "Front desk"],
        "same": True,
        "changed": [True, "Briefer.", None, "de-DE", "Front desk"],
        "numbers": [[False, False], [True, True], [False, False], "Front desk", True],
        "calls": [True, 2, True, None, []],
        "gone": [True, "404 NOT_FOUND"],
        "voices": {"vendors": [True, ["local"]], "ours": True, "live": ["elevenlabs"], "few": [["local", True]]},
    }
    assert seen["async"] == seen["sync"]
