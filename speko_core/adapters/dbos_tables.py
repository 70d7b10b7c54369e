"""The job engine's tables, made by a process of its own before anybody needs them.

On SQLite a transaction that enqueues its first job holds the only write lock, so the tables cannot be made there. The
web role cannot make them beforehand either: the engine would stay in its memory for good.
"""

import asyncio
import logging
import sys
from pathlib import Path

logger = logging.getLogger(__name__)

LIMIT_S = 60.0


async def make_tables(sqlite_path: Path) -> None:
    """Make or upgrade them. Where that fails, the jobs role does it at its start."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, str(sqlite_path), stdin=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            code = await child.wait()
    except TimeoutError:
        child.kill()
        code = await child.wait()
    if code:
        logger.warning("the job engine's tables could not be made at the start", extra={"code": code})


def main(path: str) -> None:
    """The child."""
    from speko_core.adapters.dbos_store import migrate_file

    migrate_file(path)


if __name__ == "__main__":
    main(sys.argv[1])
