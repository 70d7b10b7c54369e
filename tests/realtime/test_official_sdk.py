"""The official Python SDK, unmodified, with only `base_url` changed (SES-10). Installed by tests/e2e/sdk/install.sh."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.vendors.realtime_script import ANSWER, HEARD, PIECE
from tests.realtime.vendors import QUESTION, house_of

ROOT = Path(__file__).parents[2]
CLIENTS = Path(os.environ.get("SPEKO_CLIENTS_DIR") or ROOT / ".clients")
SOCKET, DIRECT = (CLIENTS / name / "bin" / "python" for name in ("python-sdk-socket", "python-sdk"))
SCRIPT = ROOT / "tests" / "e2e" / "sdk" / "realtime.py"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not SOCKET.exists(), reason="no official Python SDK: run tests/e2e/sdk/install.sh"),
]


async def ran(python: Path, url: str, key: str) -> dict[str, Any]:
    """What the script saw."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(python, SCRIPT, url, key, stdin=pipe, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(60):
        out, err = await process.communicate(QUESTION[0])
    assert process.returncode == 0, err.decode()
    found: dict[str, Any] = json.loads(out)
    return found


async def test_its_realtime_sessions_work(tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-6, SES-10: the release that speaks to our socket has a conversation, a later one is told why it cannot."""
    async with house_of(tmp_path, migrated_sqlite, "openai") as (house, _):
        key = house.tenant.key
        talked, refused = await asyncio.gather(ran(SOCKET, house.url, key), ran(DIRECT, house.url, key))

    assert talked["said"] == [["user", HEARD], ["assistant", "".join(ANSWER)]]
    assert talked["audio"] == len(PIECE * len(ANSWER))
    assert refused == {"refused": "PROVIDER_DIRECT_UNAVAILABLE"}
