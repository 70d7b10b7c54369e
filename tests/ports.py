"""Ports for processes that tests start: nobody else takes them between the choice and the start.

They lie below those that the kernel hands out by itself, and a lock keeps other test processes away, also those of
another checkout. Servers inside the test process need none of this: they listen on port 0.
"""

import fcntl
import functools
import os
import socket
import tempfile
from pathlib import Path
from typing import Final

FIRST, LAST = 20_000, 32_000
BLOCK: Final = 4
_held: list[int] = []


def reserve_ports() -> int:
    """The first of `BLOCK` consecutive free ports, this process's until it ends."""
    folder = Path(tempfile.gettempdir()) / f"speko-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for first in range(FIRST, LAST, BLOCK):
        lock = os.open(folder / str(first), os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        if all(_is_free(port) for port in range(first, first + BLOCK)):
            _held.append(lock)
            return first
        os.close(lock)
    raise RuntimeError("every port for tests is taken")


@functools.cache
def own_port() -> int:
    """The same port every time: for servers of which a test process runs one after the other."""
    return reserve_ports()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
