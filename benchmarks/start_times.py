"""From a clone to a running product, and the second start.

`python benchmarks/start_times.py [REPOSITORY]` clones (default: the repository it is in) into a temporary folder, runs
`make run` with empty package caches until `/readyz` of web answers 200, stops it as Ctrl-C does, starts it again, and
prints the seconds of both starts and stops, how busy the machine was before and how fast it is.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.running_product import free_ports

HERE = Path(__file__).parents[1]
POLL_S = 0.05
GIVE_UP_S = 600.0


def loop_s() -> float:
    """CPU seconds of ten million additions: compare it before you compare two machines, or two moments of one."""
    started = time.process_time()
    total = 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - started


def is_ready(port: int) -> bool:
    """True when every role is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def timed(command: Sequence[str], folder: Path, environment: dict[str, str], started: float) -> dict[str, float]:
    """Seconds from `started` to ready, and of the stop."""
    with (folder.parent / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    while not is_ready(int(environment["SPEKO_PORT"])):
        if process.poll() is not None or time.monotonic() - started > GIVE_UP_S:
            raise SystemExit((folder.parent / "log").read_text()[-3000:])
        time.sleep(POLL_S)
    ready = time.monotonic() - started
    os.killpg(process.pid, signal.SIGINT)
    process.wait()
    return {"ready_s": round(ready, 2), "stop_s": round(time.monotonic() - started - ready, 2)}


def measure(repository: str) -> dict[str, object]:
    """Clone, first start, second start."""
    load = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "speko"
        caches = {"UV_CACHE_DIR": f"{scratch}/cache", "PIP_NO_CACHE_DIR": "1"}
        environment = {**os.environ, **caches, "SPEKO_PORT": str(free_ports(3))}
        started = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", repository, str(clone)], check=True)
        first = timed(["make", "run"], clone, environment, started)
        second = timed([".venv/bin/speko", "up"], clone, environment, time.monotonic())
    machine = {"load_before": load, "ten_million_additions_s": round(loop_s(), 2)}
    return {"clone_to_ready": first, "second_start": second, "machine": machine}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1] if len(sys.argv) > 1 else str(HERE)), indent=2))
