"""Commands that work on this machine's installation directly, through the same operations as the other doors."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import click

from speko_core.accounts import repository
from speko_core.deps import Deps, build_deps
from speko_core.errors import ConfigurationError, NotFound
from speko_core.execute import Caller, execute
from speko_core.ids import new_id
from speko_core.operations import AnyOperation
from speko_core.preflight import check_database, check_database_url
from speko_core.principal import ALL_SCOPES, Principal
from speko_core.settings import Settings, load_settings
from speko_core.types import JsonValue

Result = TypeVar("Result")

organization_option = click.option("--organization", metavar="ID", help="Which organization, when there are several.")


def run_local(work: Callable[[Deps], Awaitable[Result]]) -> Result:
    """Run `work` on the installation that the environment names.

    Raises:
        ConfigurationError: there is none, or it cannot be opened.
    """

    async def with_deps() -> Result:
        settings = load_settings()
        check_database_url(settings)
        check_installed(settings)
        deps = build_deps(settings)
        try:
            await check_database(deps.database, settings)
            return await work(deps)
        finally:
            await deps.aclose()

    return asyncio.run(with_deps())


def call(operation: AnyOperation, raw: Mapping[str, object], organization: str | None) -> JsonValue:
    """Run one operation as the person at this machine, who may do everything in the organization."""

    async def work(deps: Deps) -> JsonValue:
        return await call_in(deps, operation, raw, await organization_id(deps, organization))

    return run_local(work)


async def call_in(deps: Deps, operation: AnyOperation, raw: Mapping[str, object], organization: str) -> JsonValue:
    """Run one operation inside an organization."""
    principal = Principal("system", "cli", organization, ALL_SCOPES, label="command line")
    return (await execute(operation, raw, Caller(principal, "cli", new_id("req")), deps)).value


async def organization_id(deps: Deps, wanted: str | None) -> str:
    """The organization to act in: the one named, or the only one.

    Raises:
        NotFound: there is no such organization, or the choice is open.
    """
    async with deps.database.transaction(None, read_only=True, all_organizations=True) as db:
        found = await repository.organizations(db)
    ids = [row.id for row in found]
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted is not None and wanted in ids:
        return wanted
    known = ", ".join(f"{row.id} ({row.name})" for row in found) or "none yet; `speko up` makes the first"
    raise NotFound(f"Say which organization with --organization. There are: {known}.")


def check_installed(settings: Settings) -> None:
    """Refuse to work where nothing is installed: opening would create it.

    Raises:
        ConfigurationError: there is no installation.
    """
    if not settings.database_url and not settings.sqlite_path.exists():
        raise ConfigurationError(
            f"There is no installation in {settings.data_dir.absolute()}; start one with `speko up`, or set "
            "SPEKO_DATA_DIR to where it is."
        )
