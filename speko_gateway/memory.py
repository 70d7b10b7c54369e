"""How this process takes memory from the system."""

import ctypes
import sys
from types import ModuleType
from typing import cast

# `M_ARENA_MAX` of glibc's <malloc.h>.
_ARENA_MAX = -8


def share_one_arena() -> None:
    """Let all threads allocate from one arena, on Linux with glibc; elsewhere nothing happens.

    glibc gives every thread its own, of which little is used and nothing given back: 9 MB of a web role. Threads
    hardly ever allocate at the same time, because Python lets one run at a time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def leave_out_httpx_command() -> None:
    """Keep `import httpx` from loading its command line, with the terminal and highlighting libraries it draws with.

    httpx does without where they are missing; 7 MB. It must not have been imported yet.
    """
    # None is how Python marks a module as not there.
    sys.modules.setdefault("httpx._main", cast(ModuleType, None))
