"""The servers that the tests of this folder share in a test process."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.e2e.running_product import Product, running_product
from tests.gateway.talk_site import LIBRARY
from tests.livekit.server import LiveKit, livekit_program, running_livekit

MISSING = "no livekit-server: run `make livekit` (needs Go)"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def livekit(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveKit]:
    """A running server; the test skips where none is installed."""
    program = livekit_program()
    if program is None:
        pytest.skip(MISSING)
    async with running_livekit(program, tmp_path_factory.mktemp("livekit") / "server.log") as running:
        yield running


@dataclass(frozen=True)
class Installation:
    """The product beside a server of its own, which a test may stop."""

    product: Product
    livekit: LiveKit


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """The whole product with its calls in rooms."""
    program = livekit_program()
    if program is None:
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("rooms")
    async with running_livekit(program, folder / "livekit.log") as server:
        variables = {
            "SPEKO_ALLOW_INSECURE_WEBHOOKS": "1",
            # Longer than a role takes to come back on a busy machine: a call that lives must not count as lost.
            "SPEKO_SESSION_GRACE_S": "60",
            "SPEKO_LIVEKIT_CLIENT": str(LIBRARY),
            **server.settings(),
        }
        async with running_product(folder, **variables) as product:
            yield Installation(product, server)
