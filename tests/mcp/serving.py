"""The web role on a real port, as MCP clients meet it; fixtures for the tests that need one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp

from speko_core.deps import Deps
from speko_core.settings import Settings
from tests.mcp.processes import mcp_server
from tests.ports import own_port
from tests.secret_watch import Watched
from tests.serving import listening, served


@pytest.fixture(name="settings")
def settings_on_a_free_port(settings: Settings) -> Settings:
    """Settings whose base URL is the port the server will listen on."""
    return settings.model_copy(update={"port": own_port()})


@asynccontextmanager
async def serving(app: ASGIApp, port: int) -> AsyncIterator[None]:
    """Serve an application for the duration of the block."""
    async with served(uvicorn.Config(app, log_config=None, ws="none"), listening(port)):
        yield


@pytest.fixture(name="base_url")
async def running_web_role(deps: Deps) -> AsyncIterator[str]:
    """The address of a running web role."""
    async with mcp_server(deps, web=True) as app, serving(Watched(app), deps.settings.port):
        yield deps.settings.base_url


__all__ = ["running_web_role", "serving", "settings_on_a_free_port"]
