"""One installation and one server for each module."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import cast

import pytest
import pytest_asyncio

from tests.conftest import migrated_database
from tests.mcp_servers.kit import Desk, open_desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("clinic")
    async with AsyncExitStack() as stack:
        url = stack.enter_context(migrated_database("sqlite", request, folder))
        yield await open_desk(folder, url, stack)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(opened: Desk) -> AsyncIterator[Desk]:
    """The module's desk, without servers."""
    yield opened
    await opened.clear()
    cast(list[object], opened.clinic.booked).clear()
