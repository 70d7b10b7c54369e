"""Child processes: what they inherit, and how they end."""

import asyncio
import contextlib
import os

KILL_TIMEOUT_S = 5.0
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")


def child_environment() -> dict[str, str]:
    """What a child needs to start; provider keys and our own secrets stay behind."""
    return {name: value for name, value in os.environ.items() if name in _INHERITED}


async def end_process(process: asyncio.subprocess.Process) -> None:
    """Kill a child and wait for it, so that none is left behind; also while being cancelled."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(KILL_TIMEOUT_S):
            await process.wait()
