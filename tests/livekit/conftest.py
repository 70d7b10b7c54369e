"""The server that the tests of this folder share in a test process."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.livekit.server import LiveKit, livekit_program, running_livekit


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def livekit(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveKit]:
    """A running server; the test skips where none is installed."""
    program = livekit_program()
    if program is None:
        pytest.skip("no livekit-server: run `make livekit` (needs Go)")
    async with running_livekit(program, tmp_path_factory.mktemp("livekit") / "server.log") as running:
        yield running
