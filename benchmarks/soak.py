"""Whether a worker grows: sessions that talk for minutes over the embedded transport, and the memory they leave.

The worker is a process of its own, its gateway a script in this one; its share of the memory (PSS) is read from the
kernel. Callers speak, are answered, are silent, and now and then one hangs up and another calls.

    python -m benchmarks.soak --sessions 8 --minutes 30
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from itertools import count
from pathlib import Path

from tests.ports import own_port
from tests.worker.caller import calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import WORKER_TOKEN, FakeGateway, serve

START_WORKER = (
    "import asyncio; from speko_core.settings import load_settings; from speko_worker.main import run_worker; "
    "asyncio.run(run_worker(load_settings()))"
)
SAMPLE_S = 10.0
TURN_S = 6.0
# Each call lasts this many turns; then its caller hangs up and another one calls.
CALL_TURNS = 10
WARM_SHARE = 1 / 3


def pss_mib(pid: int) -> float:
    """The proportional set size of a process, MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def talk(gateway: FakeGateway, numbers: "count[int]", until_s: float) -> int:
    """Calls one after the other; returns how many turns were answered."""
    loop, answered = asyncio.get_running_loop(), 0
    while loop.time() < until_s:
        session = gateway.create(f"s{next(numbers)}", record=True, audio={"ambient": {"clip": "office-ambience"}})
        async with calling(gateway.media_url(session)) as caller:
            await until(lambda caller=caller: bool(caller.of("ready")))  # type: ignore[misc]  # bound now
            for _ in range(CALL_TURNS):
                caller.say("what time do you open")
                await asyncio.sleep(TURN_S)
                answered += len([turn for turn in caller.of("turn") if turn["source"] == "agent"])
                caller.frames.clear()
                caller.audio.clear()
                if loop.time() >= until_s:
                    break
    return answered


async def sample(pid: int, until_s: float) -> list[float]:
    """The worker's memory, again and again."""
    found = []
    while asyncio.get_running_loop().time() < until_s:
        await asyncio.sleep(SAMPLE_S)
        found.append(pss_mib(pid))
    return found


async def soak(sessions: int, minutes: float) -> dict[str, object]:
    """Run, and report the memory of the last third against that of the second."""
    with tempfile.TemporaryDirectory() as folder:
        async with serve(FakeGateway()) as gateway:
            environment = {
                **os.environ,
                "SPEKO_GATEWAY_URL": gateway.url,
                "SPEKO_WORKER_PORT": str(own_port()),
                "SPEKO_DATA_DIR": folder,
                "SPEKO_WORKER_TOKEN": WORKER_TOKEN,
                # A call that is being reported counts, and its caller dials again at once.
                "SPEKO_WORKER_CALLS": str(2 * sessions),
            }
            worker = await asyncio.create_subprocess_exec(sys.executable, "-c", START_WORKER, env=environment)
            try:
                await until(lambda: bool(gateway.workers), 60)
                ends_at, numbers = asyncio.get_running_loop().time() + minutes * 60, count()
                idle = pss_mib(worker.pid)
                callers = [talk(gateway, numbers, ends_at) for _ in range(sessions)]
                memory, *answered = await asyncio.gather(sample(worker.pid, ends_at), *callers)
            finally:
                worker.terminate()
                await worker.wait()
    warm = memory[round(len(memory) * WARM_SHARE) :]
    first, last = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    return {
        "sessions": sessions,
        "minutes": minutes,
        "calls": next(numbers),
        "turnsAnswered": sum(answered),
        "pssMiB": {"idle": round(idle, 1), "warm": round(statistics.median(first), 1), "most": round(max(memory), 1)},
        "growthPercent": round((statistics.median(last) / statistics.median(first) - 1) * 100, 1),
        "mibASession": round((statistics.median(last) - idle) / sessions, 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=30.0)
    chosen = parser.parse_args()
    print(json.dumps(asyncio.run(soak(chosen.sessions, chosen.minutes)), indent=2))
