"""What sessions cost: making one, and with a LiveKit server joining its room, memory and processor time of its process.

    python -m benchmarks.sessions creation    # POST /v1/sessions, without and with a LiveKit server
    python -m benchmarks.sessions rooms       # joining, first audio, memory and processor time of calls in rooms

Both start the whole product, and need the server that `make livekit` builds. Linux only.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks.idle_memory import pss_mib
from tests.e2e.running_product import Product, running_product
from tests.e2e.spoken import caller_wav
from tests.livekit.caller import in_room
from tests.livekit.server import livekit_program, running_livekit
from tests.worker.conftest import until

Figures = dict[str, object]
QUESTION = "what time do you open on sunday"
TICKS = os.sysconf("SC_CLK_TCK")


def spread(seconds: list[float]) -> Figures:
    """Median, 95th percentile and the most, in milliseconds."""
    ordered = sorted(seconds)
    cut = ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    return {"p50Ms": round(statistics.median(ordered) * 1000), "p95Ms": round(cut * 1000), "of": len(ordered)}


def processor_s(pid: int) -> float:
    """Processor time a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@asynccontextmanager
async def product(*, rooms: bool) -> AsyncIterator[tuple[Product, httpx.AsyncClient, str]]:
    """A running installation, a client with a key for it, and its agent's id."""
    with tempfile.TemporaryDirectory() as name:
        folder, program = Path(name), livekit_program()
        if rooms and program is None:
            sys.exit("no livekit-server: run `make livekit`")
        if not rooms or program is None:
            async with running_product(folder) as started:
                yield await _opened(started)
            return
        async with (
            running_livekit(program, folder / "livekit.log") as server,
            running_product(folder, **server.settings()) as started,
        ):
            yield await _opened(started)


async def _opened(started: Product) -> tuple[Product, httpx.AsyncClient, str]:
    headers = {"Authorization": f"Bearer {started.links['test_key']}"}
    rest = httpx.AsyncClient(base_url=started.base_url, headers=headers, timeout=30)
    return started, rest, (await rest.get("/v1/agents")).json()[0]["id"]


async def creation(count: int) -> Figures:
    """Sessions made one after the other. Each is ended again, so that no room waits for its caller."""
    figures: Figures = {}
    for rooms in (False, True):
        async with product(rooms=rooms) as (_, rest, agent_id):
            times = [await _made(rest, agent_id) for _ in range(count + 5)][5:]
            figures["withLiveKit" if rooms else "withoutLiveKit"] = spread(times)
    return figures


async def _made(rest: httpx.AsyncClient, agent_id: str) -> float:
    began = time.perf_counter()
    answer = await rest.post("/v1/sessions", json={"agentId": agent_id})
    took = time.perf_counter() - began
    answer.raise_for_status()
    await rest.post(f"/v1/sessions/{answer.json()['sessionId']}/end")
    # A process that waited for this call is replaced meanwhile: the next one is measured against a warm one.
    await asyncio.sleep(0.5)
    return took


async def rooms(count: int) -> Figures:
    """Calls one after the other, each for a question and its answer."""
    wav = await caller_wav(QUESTION)
    joined, ready, heard, shares, sizes = [], [], [], [], []
    async with product(rooms=True) as (started, rest, agent_id):
        for _ in range(count):
            await asyncio.sleep(3)
            began = time.monotonic()
            session = (await rest.post("/v1/sessions", json={"agentId": agent_id})).json()
            async with in_room(session["transportUrl"], session["transportToken"]) as caller:
                came = time.monotonic()
                await until(lambda: caller.last_heard > 0, 20)
                joined.append((caller.agent_joined or 0) - began)
                ready.append(caller.of("ready")[0]["at"] - came)
                heard.append(next(at for at, level in caller.heard if level) - came)
                pid = _process_of(started, session["sessionId"])
                before, since = processor_s(pid), time.monotonic()
                caller.say(wav)
                await until(lambda: len(caller.of("turn")) >= 3, 60)
                shares.append((processor_s(pid) - before) / (time.monotonic() - since))
                sizes.append(pss_mib(pid))
        worker = started.pids("worker")[0]
        helpers = [pid for pid in started.pids() if os.getpgid(pid) == os.getpgid(worker)]
        return {
            "agentInRoomAfterCreation": spread(joined),
            "readyAfterCallerJoined": spread(ready),
            "firstAudioAfterCallerJoined": spread(heard),
            "callProcessPssMiB": round(statistics.median(sizes), 1),
            "callProcessShareOfOneCore": round(statistics.median(shares), 3),
            "workerWithWarmProcessesPssMiB": round(sum(map(pss_mib, helpers)), 1),
        }


def _process_of(started: Product, session_id: str) -> int:
    journal = started.data_dir / "worker-journal" / f"{session_id}.jsonl"
    return int(json.loads(journal.read_text().splitlines()[0])["pid"])


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("creation", "rooms"))
    parser.add_argument("--count", type=int, default=10, help="sessions")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    measured = asyncio.run({"creation": creation, "rooms": rooms}[given.what](given.count))
    print(json.dumps({**measured, "load_before": round(load, 2)}, indent=2))


if __name__ == "__main__":
    main()
