"""Which worker runs what, and in which order: nobody waits for a long test at the end, nor for the processor meanwhile.

A file is one unit of work. Files that share a running product are one unit too: starting it costs more than they do.
Tests that each take seconds, mostly of waiting for processes, are units of their own.
"""

from itertools import chain, zip_longest
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARING: Final = (
    "up", "up_crashes", "cli", "sdk_python", "tool_call", "starter", "knowledge", "browser_talk", "recording"
)  # fmt: skip
PRODUCT: Final = tuple(f"tests/e2e/test_{name}.py" for name in SHARING)
ROOMS: Final = "tests/livekit/"
APART: Final = ("tests/e2e/", "tests/core/test_jobs_role.py", "tests/providers/test_adding_a_provider.py")
# These watch processes and sockets more than they compute.
WAITING: Final = (*APART, "tests/core/test_jobs", "tests/core/test_webhook_engine", "tests/core/test_migrations",
                  "tests/worker/", "tests/bench/", "tests/gateway/supervision/", "tests/conformance/")  # fmt: skip


class LongestFirst(LoadScopeScheduling):
    """Units in the order of collection, which `sort` makes."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def unit_of(nodeid: str) -> str:
    """The name of the unit a test belongs to."""
    file = nodeid.partition("::")[0]
    if file in PRODUCT:
        return "the running product"
    if file.startswith(ROOMS):
        return "the running LiveKit server"
    return nodeid if file.startswith(APART) else file


def sort(items: list[pytest.Item]) -> None:
    """What shares a product begins; then units that wait and units that compute take turns, many tests before few."""
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        units.setdefault(unit_of(item.nodeid), []).append(item)
    shared = [unit for unit in units if unit.startswith("the running ")]
    waiting = [unit for unit in units if unit.startswith(WAITING)]
    computing = sorted(units.keys() - {*shared, *waiting}, key=lambda unit: (-len(units[unit]), unit))
    order = chain(shared, *zip_longest(waiting, computing))
    items[:] = [item for unit in order if unit is not None for item in units[unit]]
