"""Starts the worker role."""

from speko_core.adapters.envelope import derive_worker_token
from speko_core.adapters.master_key import KEY_FILE, load_master_key
from speko_core.settings import Role, Settings
from speko_gateway.supervised import SupervisorLink
from speko_worker.main import run_worker


async def start(settings: Settings, roles: tuple[Role, ...], link: SupervisorLink | None) -> None:
    """Serve callers until SIGTERM."""
    await run_worker(settings, token=worker_credential(settings))


def worker_credential(settings: Settings) -> str | None:
    """The worker token given, or derived from the master key where this machine has one; a key is never made here."""
    if settings.worker_token is not None:
        return settings.worker_token.get_secret_value()
    if settings.master_key is None and not (settings.data_dir / KEY_FILE).exists():
        return None
    return derive_worker_token(load_master_key(settings))
