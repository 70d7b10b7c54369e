"""Idle memory of the roles: proportional set size (PSS) of every process that `speko up` started.

`python benchmarks/idle_memory.py [--settle SECONDS]` starts the product on free ports in an empty folder, waits until
it is ready and then SECONDS more, adds up `/proc/PID/smaps_rollup` for each role with its helper processes, and stops
it. Linux only. PSS counts shared pages once, divided among those who share them.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from tests.e2e.running_product import Product, started_product

ROLES = ("web", "jobs", "worker")


def pss_mib(pid: int) -> float:
    """PSS of one process in MiB; 0 when it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def groups(product: Product) -> dict[str, list[int]]:
    """The processes of each role, helpers included: a role leads a process group of its own."""
    leaders = {product.pids(role)[0]: role for role in ROLES}
    found: dict[str, list[int]] = {role: [] for role in ROLES} | {"supervisor": [product.supervisor_pid]}
    for pid in product.pids():
        role = leaders.get(os.getpgid(pid))
        if role is not None:
            found[role].append(pid)
    return found


def measure(settle_s: float) -> dict[str, object]:
    """Start, settle, read, stop."""
    with tempfile.TemporaryDirectory() as folder, started_product(Path(folder)) as product:
        time.sleep(settle_s)
        sizes = {name: round(sum(map(pss_mib, pids)), 1) for name, pids in groups(product).items()}
        three = round(sum(sizes[role] for role in ROLES), 1)
        return {"pss_mib": sizes, "three_roles_mib": three, "ready_s": product.ready["seconds"]}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--settle", type=float, default=20.0, help="seconds between ready and reading")
    print(json.dumps(measure(arguments.parse_args().settle), indent=2))
