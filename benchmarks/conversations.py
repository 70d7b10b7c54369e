"""Conversations side by side on one worker that is held to one core: does it keep real time, what does each cost?

The worker is a process of its own, its gateway a script in this one. Linux only.

    python -m benchmarks.conversations --count 10 --seconds 60
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.idle_memory import pss_mib
from benchmarks.sessions import Figures, processor_s, spread
from tests.ports import reserve_ports
from tests.worker.caller import Caller, calling
from tests.worker.conftest import until
from tests.worker.fake_gateway import WORKER_TOKEN, FakeGateway, serve

QUESTION = "what time do you open on sunday"


async def embedded(count: int, seconds: float) -> Figures:
    """Conversations side by side on one worker that may use one core; the gateway answers from memory."""
    async with serve(FakeGateway()) as gateway:
        with tempfile.TemporaryDirectory() as folder:
            port, log = reserve_ports(), Path(folder) / "worker.log"
            environment = {
                **os.environ, "SPEKO_GATEWAY_URL": gateway.url, "SPEKO_WORKER_TOKEN": WORKER_TOKEN,
                "SPEKO_WORKER_PORT": str(port), "SPEKO_DATA_DIR": folder, "SPEKO_WORKER_CALLS": str(count),
            }  # fmt: skip
            with log.open("wb") as output:
                worker = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "speko_gateway.cli.main", "worker", env=environment, stderr=output
                )
            try:
                await until(lambda: bool(gateway.workers), 60)
                os.sched_setaffinity(worker.pid, {0})
                return {**await _conversations(gateway, worker.pid, count, seconds), **_complaints(log)}
            finally:
                worker.terminate()
                await worker.wait()


async def _conversations(gateway: FakeGateway, pid: int, count: int, seconds: float) -> Figures:
    empty = pss_mib(pid)
    sessions = [gateway.create(f"s{number}") for number in range(count)]
    before, began = processor_s(pid), time.monotonic()
    full: list[float] = []
    callers = await asyncio.gather(*(_talk(gateway.media_url(one), seconds, full, pid) for one in sessions))
    took = time.monotonic() - began
    waits = [turn["latency"]["totalMs"] / 1000 for caller in callers for turn in caller.of("turn") if _total(turn)]
    return {
        "conversations": count,
        "shareOfOneCore": round((processor_s(pid) - before) / took, 3),
        "endOfSpeechToFirstAudio": spread(waits),
        "pssMiB": {"empty": round(empty, 1), "aConversation": round((max(full) - empty) / count, 1)},
    }


async def _talk(url: str, seconds: float, full: list[float], pid: int) -> Caller:
    async with calling(url) as caller:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            said = len(caller.of("turn"))
            caller.say(QUESTION)
            await until(lambda said=said: len(caller.of("turn")) >= said + 2, 60)
        full.append(pss_mib(pid))
    return caller


def _total(turn: dict[str, object]) -> bool:
    latency = turn["latency"]
    return isinstance(latency, dict) and latency.get("totalMs") is not None


def _complaints(log: Path) -> Figures:
    text = log.read_text()
    return {
        "vadSlowerThanRealTime": text.count("slower than realtime"),
        "loopBlocked": text.count("event loop blocked"),
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10, help="conversations")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they last")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(json.dumps({**asyncio.run(embedded(given.count, given.seconds)), "load_before": round(load, 2)}, indent=2))


if __name__ == "__main__":
    main()
