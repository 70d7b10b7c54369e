"""Starts the jobs role."""

from speko_core.bootstrap import join
from speko_core.deps import build_deps
from speko_core.jobs_role import run_jobs
from speko_core.preflight import check_database_url
from speko_core.settings import Role, Settings
from speko_gateway.supervised import SupervisorLink


async def start(settings: Settings, roles: tuple[Role, ...], link: SupervisorLink | None) -> None:
    """Work until SIGTERM; alone, check and migrate first, because nobody else may have done it."""
    if link is None:
        check_database_url(settings)
        deps = build_deps(settings)
        try:
            await join(deps, roles)
        finally:
            await deps.aclose()
    await run_jobs(settings)
