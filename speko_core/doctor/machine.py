"""Checks of the machine: Python, packages, disk, ports, voices."""

import shutil
import sys
from importlib.util import find_spec

from speko_core.doctor.finding import Finding
from speko_core.preflight import port_problem
from speko_core.probe import connectable, get_json
from speko_core.settings import Role, Settings, unknown_variables

_OLDEST_PYTHON = (3, 11)
_ENOUGH_DISK = 1_000_000_000
_NO_DISK = 100_000_000
_EXTRAS = {"mcp": "fastmcp", "worker": "livekit", "local": "pocketsphinx"}
ROLES: tuple[Role, ...] = ("web", "jobs", "worker")


def python() -> Finding:
    """The interpreter is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("python", "fail", version, "Install Python 3.11 or newer.")
    return Finding("python", "ok", version)


def packages() -> Finding:
    """Every extra is installed; without one, its part of the product is missing."""
    missing = [extra for extra, module in _EXTRAS.items() if find_spec(module) is None]
    if missing:
        names = ",".join(missing)
        return Finding("packages", "warn", f"without {names}", f"pip install 'speko[{names}]'")
    return Finding("packages", "ok", "mcp, worker and local are installed")


def environment() -> Finding:
    """No variable is misspelled: an unknown one would be ignored in silence."""
    unknown = unknown_variables()
    if unknown:
        return Finding("environment", "warn", f"not a setting: {', '.join(unknown)}", "See docs/operations.md.")
    return Finding("environment", "ok", "every SPEKO_ variable is known")


def disk(settings: Settings) -> Finding:
    """There is room for recordings and the database."""
    folder = settings.data_dir.absolute()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1e9:.1f} GB free for {folder}"
    if free < _NO_DISK:
        return Finding("disk", "fail", detail, "Free some space, or set SPEKO_DATA_DIR.")
    return Finding("disk", "ok" if free >= _ENOUGH_DISK else "warn", detail)


def speech() -> Finding:
    """The offline voice has an engine. The order is the one in which the product chooses."""
    for program in ("flite", "espeak-ng"):
        if path := shutil.which(program):
            return Finding("voice out", "ok", f"{program} at {path}")
    if find_spec("espeakng_loader") is not None:
        fix = "apt install flite (or brew install flite) sounds better."
        return Finding("voice out", "ok", "espeak-ng from its package", fix)
    return Finding("voice out", "fail", "no offline voice", "apt install flite, or pip install 'speko[local]'.")


def hearing() -> Finding:
    """The offline recognizer is installed."""
    if find_spec("pocketsphinx") is None:
        return Finding("voice in", "fail", "no offline recognizer", "pip install 'speko[local]'")
    return Finding("voice in", "ok", "pocketsphinx, English")


async def role(settings: Settings, name: Role) -> Finding:
    """The role answers and is ready, or its port is free to start it."""
    port = settings.health_port(name)
    status, answer = await get_json(connectable(settings.host), port, "/readyz")
    if status == 200:
        return Finding(name, "ok", f"ready on port {port}")
    if status == 503:
        waiting = ", ".join(str(part) for part, there in _checks(answer).items() if not there) or "its start"
        return Finding(name, "warn", f"on port {port}, waiting for {waiting}", "Look again soon, then into its log.")
    problem = port_problem(settings.host, port)
    if problem:
        variable = "SPEKO_PORT" if name == "web" else f"SPEKO_{name.upper()}_PORT"
        return Finding(name, "fail", f"port {port}: {problem}", f"Stop what uses it, or set {variable}.")
    return Finding(name, "ok", f"not running; port {port} is free")


def _checks(answer: dict[str, object]) -> dict[str, object]:
    checks = answer.get("checks")
    return checks if isinstance(checks, dict) else {}
