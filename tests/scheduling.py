"""Which worker runs what, and in which order: what takes longest begins first, so that nobody waits for it at the end.

A file is one unit of work. Files that share a running product are one unit too: starting it costs more than they do.
Tests that each take seconds, mostly of waiting for processes, are units of their own.
"""

from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARING: Final = (
    "up", "up_crashes", "cli", "sdk_python", "tool_call", "starter", "knowledge", "browser_talk", "recording"
)  # fmt: skip
PRODUCT: Final = tuple(f"tests/e2e/test_{name}.py" for name in SHARING)
ROOMS: Final = "tests/livekit/"
APART: Final = ("tests/e2e/", "tests/core/test_jobs_role.py", "tests/providers/test_adding_a_provider.py")
EARLY: Final = (*PRODUCT, ROOMS, *APART, "tests/core/test_jobs", "tests/core/test_migrations", "tests/worker/",
                "tests/conformance/", "tests/mcp/", "tests/gateway/", "tests/providers/test_local")  # fmt: skip


class LongestFirst(LoadScopeScheduling):
    """Units in the order of collection, which `sort` makes."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in PRODUCT:
            return "the running product"
        if file.startswith(ROOMS):
            return "the running LiveKit server"
        return nodeid if file.startswith(APART) else file


def sort(items: list[pytest.Item]) -> None:
    """What takes long to the front; the rest stays as it is."""
    items.sort(key=lambda item: next((rank for rank, path in enumerate(EARLY) if item.nodeid.startswith(path)), 99))
