"""Starts the jobs role."""

import asyncio

from speko_core.db import migrate
from speko_core.jobs_role import run_jobs
from speko_core.preflight import check_database_url, check_ports
from speko_core.settings import Role, Settings
from speko_gateway.supervised import SupervisorLink


async def start(settings: Settings, roles: tuple[Role, ...], link: SupervisorLink | None) -> None:
    """Work until SIGTERM; alone, migrate first, because nobody else may have done it."""
    if link is None:
        check_database_url(settings)
        check_ports(settings, roles)
        await asyncio.to_thread(migrate.upgrade, settings)
    await run_jobs(settings)
