"""How this process takes memory from the system."""

import ctypes
import sys
from types import ModuleType
from typing import cast

# `M_ARENA_MAX` of glibc's <malloc.h>.
_ARENA_MAX = -8
# httpx's command line, with the libraries it draws with; the colours of Mako's error pages (Alembic brings Mako).
_UNUSED = ("httpx._main", "mako.ext.pygmentplugin")


def share_one_arena() -> None:
    """Let all threads allocate from one arena, on Linux with glibc; elsewhere nothing happens.

    glibc gives every thread its own, of which little is used and nothing given back: 9 MB of a web role. Threads
    hardly ever allocate at the same time, because Python lets one run at a time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def leave_out_unused() -> None:
    """Keep libraries from loading parts of theirs that nothing here uses; 7 MB, and 5 more on a first start.

    All of them do without where such a part is missing. None of them may have been imported yet.
    """
    for name in _UNUSED:
        # None is how Python marks a module as not there.
        sys.modules.setdefault(name, cast(ModuleType, None))
