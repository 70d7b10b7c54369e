"""The official Python SDK, unmodified, with only `base_url` changed (SES-10). Installed by tests/e2e/sdk/install.sh."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from speko_core.deps import Deps
from speko_gateway.app import create_app
from speko_gateway.serve import server_config
from tests.conftest import Tenant, on_sqlite, with_deps
from tests.realtime.spoken import spoken
from tests.serving import listening, served

ROOT = Path(__file__).parents[2]
CLIENTS = Path(os.environ.get("SPEKO_CLIENTS_DIR") or ROOT / ".clients")
SOCKET, DIRECT = (CLIENTS / name / "bin" / "python" for name in ("python-sdk-socket", "python-sdk"))
SCRIPT = ROOT / "tests" / "e2e" / "sdk" / "realtime.py"

pytestmark = [
    on_sqlite,
    pytest.mark.e2e,
    pytest.mark.skipif(not SOCKET.exists(), reason="no official Python SDK: run tests/e2e/sdk/install.sh"),
]


async def ran(python: Path, url: str, key: str, pcm: bytes) -> dict[str, Any]:
    """What the script saw."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(python, SCRIPT, url, key, stdin=pipe, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(60):
        out, err = await process.communicate(pcm)
    assert process.returncode == 0, err.decode()
    found: dict[str, Any] = json.loads(out)
    return found


async def test_its_realtime_sessions_work(deps: Deps, tenant: Tenant) -> None:
    """SES-6, SES-10: the release that speaks to our socket has a conversation, a later one is told why it cannot."""
    pcm = await spoken(deps, tenant.test_key, "what are your opening hours")
    with listening() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        here = with_deps(deps, settings=deps.settings.model_copy(update={"public_url": url}))
        async with served(server_config(create_app(here), here.settings), listener):
            talked, refused = await asyncio.gather(
                ran(SOCKET, url, tenant.test_key, pcm), ran(DIRECT, url, tenant.test_key, b"")
            )

    assert [role for role, _ in talked["said"]] == ["user", "assistant"]
    assert "opening hours" in talked["said"][0][1]
    assert talked["audio"] > 24_000
    assert refused == {"refused": "PROVIDER_DIRECT_UNAVAILABLE"}
