"""This product's gateway beside LiteLLM and Portkey: CPU time, added latency, streams at once, memory.

    python benchmarks/gateway.py --litellm VENV --portkey FOLDER [--speko EXECUTABLE] [--rounds 5] [--out FILE]

Every gateway is one process on core 0; the fake provider and the load generator share core 1. All are measured in one
run, in a new random order in every round. The first figure to read is CPU time a request (user and system, from
/proc, helper processes included): other work on the machine disturbs it least. Latencies are differences to the fake
provider without a gateway in the same round. Linux, at least two cores. README.md tells how to install the others.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import gateway_targets as targets
from gateway_targets import HOST, Target

from tests.ports import reserve_ports

HERE = Path(__file__).parent
GATEWAY_CORE, LOAD_CORE = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")
SETTLE_S = 6.0
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
Result = dict[str, object]


@dataclass(frozen=True)
class Scenario:
    """One shape of load; `pace` is what the fake provider understands, `whole_waves` keeps the number of requests."""

    name: str
    stream: bool
    pace: str
    connections: int
    requests: int
    max_s: float = 12.0
    whole_waves: bool = False


PACED = "bench-64-200-20"
BURST = "bench-64-0-0"
SCENARIOS = (
    Scenario("json c1", False, BURST, 1, 800),
    Scenario("json c32", False, BURST, 32, 3000),
    Scenario("burst c1", True, BURST, 1, 800),
    Scenario("burst c32", True, BURST, 32, 3000),
    Scenario("burst c128", True, BURST, 128, 2000),
    Scenario("paced c32", True, PACED, 32, 64, whole_waves=True),
    Scenario("paced c128", True, PACED, 128, 256, whole_waves=True),
    Scenario("paced c280", True, PACED, 280, 560, whole_waves=True),
    Scenario("paced c400", True, PACED, 400, 800, whole_waves=True),
)
# LiteLLM carries about 30 paced streams on a core: more would measure its queue for minutes.
TOO_MUCH = {"litellm": {"paced c280", "paced c400"}}


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := stat(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, its descendants, and the children it has outlived."""
    return sum(sum(map(int, fields[11:15])) for one in family(pid) if (fields := stat(one))) / TICKS


def pss_mb(pid: int) -> float:
    """Proportional set size in MB (10^6)."""
    total = 0
    for one in family(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total * 1024 / 1e6


@contextmanager
def started(
    core: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command on one core while the block runs."""
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    inherited = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    with (folder / f"{Path(command[0]).name}.log").open("ab") as log:
        process = subprocess.Popen(
            ["taskset", "-c", core, *command],
            cwd=folder,
            env={**inherited, **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def load(target: Target, scenario: Scenario) -> dict[str, float]:
    """Run one scenario against one target."""
    share = 1.0 if scenario.whole_waves else target.share
    accept = {} if scenario.stream else {"accept": "application/json"}
    job = {
        "host": HOST,
        "port": target.port,
        "path": target.path,
        "headers": {**target.headers, **accept},
        "body": target.body(scenario.pace, scenario.stream),
        "tokens": 64,
        "connections": scenario.connections,
        "requests": max(scenario.connections, int(scenario.requests * share)),
        "warmup": scenario.connections,
        "max_s": scenario.max_s,
    }
    output = subprocess.run(
        ["taskset", "-c", LOAD_CORE, sys.executable, str(HERE / "gateway_load.py")],
        input=json.dumps(job).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=6 * scenario.max_s + 30,
    )
    found: dict[str, float] = json.loads(output.stdout)
    return found


def measure(target: Target, pid: int | None, scenario: Scenario) -> Result:
    """One cell of the table, in one round."""
    before = cpu_s(pid) if pid else 0.0
    found = load(target, scenario)
    spent = cpu_s(pid) - before if pid else 0.0
    return {
        **found,
        "target": target.name,
        "scenario": scenario.name,
        "cpu_ms": spent * 1000 / max(found["answered"], 1),
        "pss_mb": pss_mb(pid) if pid else 0.0,
        "machine_load": os.getloadavg()[0],
    }


def rounds(number: int, known: Mapping[str, tuple[Target, int | None]], scenarios: Sequence[Scenario]) -> list[Result]:
    """Every scenario against every target, as often as asked, the targets shuffled each time."""
    results: list[Result] = []
    order = random.Random(1)
    for turn in range(number):
        for scenario in scenarios:
            names = [name for name in known if scenario.name not in TOO_MUCH.get(name, set())]
            order.shuffle(names)
            for name in names:
                results.append({**measure(*known[name], scenario), "round": turn})
        print(f"round {turn + 1} of {number} done, machine load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    return results


def booked(folder: Path) -> dict[str, int]:
    """What the product's database says afterwards."""
    with sqlite3.connect(folder / "speko" / "speko.sqlite") as db:
        tables = ("usage_events", "ledger_entries", "routing_decisions")
        counts = {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}
        entries = db.execute("SELECT coalesce(sum(amount_micro_usd), 0) FROM ledger_entries").fetchone()[0]
        balance = db.execute("SELECT coalesce(sum(micro_usd), 0) FROM balances").fetchone()[0]
    return {**counts, "ledger_minus_balance_micro_usd": int(entries) - int(balance)}


def table(results: Sequence[Result]) -> Iterator[str]:
    """The report as Markdown."""
    for scenario in dict.fromkeys(str(row["scenario"]) for row in results):
        rows = [row for row in results if row["scenario"] == scenario]
        yield f"\n**{scenario}**\n"
        yield "| gateway | whole answers | per s | CPU ms each | LiteLLM / it | added first p50 ms | p99 ms | PSS MB |"
        yield "|---|---|---|---|---|---|---|---|"
        for name in dict.fromkeys(str(row["target"]) for row in rows):
            yield line(name, [row for row in rows if row["target"] == name], rows)


def line(name: str, own: Sequence[Result], rows: Sequence[Result]) -> str:
    """One gateway in one scenario: medians over the rounds."""
    direct = {row["round"]: row for row in rows if row["target"] == "direct"}
    other = [number(row, "cpu_ms") for row in rows if row["target"] == "litellm"]
    cpu = statistics.median(number(row, "cpu_ms") for row in own)
    ratio = f"{statistics.median(other) / cpu:.1f}" if other and cpu else "-"

    def added(key: str) -> str:
        gaps = [number(row, key) - number(direct[row["round"]], key) for row in own if row["round"] in direct]
        return f"{statistics.median(gaps):.2f}" if gaps else "-"

    good, bad = (int(sum(number(row, key) for row in own)) for key in ("good", "bad"))
    speed = statistics.median(number(row, "per_second") for row in own)
    pss = max(number(row, "pss_mb") for row in own)
    figures = (f"{good} of {good + bad}", f"{speed:.0f}", f"{cpu:.3f}", ratio)
    return f"| {name} | {' | '.join(figures)} | {added('first_p50_ms')} | {added('first_p99_ms')} | {pss:.0f} |"


def number(row: Result, key: str) -> float:
    """One figure of a result."""
    value = row[key]
    assert isinstance(value, int | float)
    return float(value)


def chosen(arguments: argparse.Namespace, folder: Path, ports: Sequence[int]) -> list[Target]:
    """The gateways of this run."""
    found = [targets.speko(arguments.speko, folder, ports[0], ports[1])]
    if arguments.litellm:
        found.append(targets.litellm(arguments.litellm, folder, ports[0], ports[2]))
    if arguments.portkey:
        found.append(targets.portkey(arguments.portkey, folder, ports[0], ports[3]))
    return found


def end_in_order(number: int, frame: FrameType | None) -> None:
    """A signal ends the run like any failure does: what was started is stopped on the way out, undisturbed."""
    for one in ENDING:
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main(arguments: argparse.Namespace) -> None:
    """Start everything, measure, stop everything, print."""
    for number in ENDING:
        signal.signal(number, end_in_order)
    wanted = arguments.scenarios.split(",") if arguments.scenarios else [one.name for one in SCENARIOS]
    scenarios = [one for one in SCENARIOS if one.name in wanted]
    first = reserve_ports()
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder, upstream = Path(name), (sys.executable, str(HERE / "gateway_upstream.py"), str(first))
        running.enter_context(started(LOAD_CORE, upstream, {}, folder))
        known: dict[str, tuple[Target, int | None]] = {"direct": (targets.direct(first), None)}
        idle = {}
        for target in chosen(arguments, folder, range(first, first + 4)):
            process = running.enter_context(started(GATEWAY_CORE, target.command, target.environment, folder))
            start_s = targets.wait_until_up(target, process)
            time.sleep(SETTLE_S)
            idle[target.name] = {"start_s": round(start_s, 2), "pss_mb": round(pss_mb(process.pid), 1)}
            known[target.name] = (target, process.pid)
        results = rounds(arguments.rounds, known, scenarios)
        time.sleep(1.0)  # what no call waited for is written within this
        report(results, idle, booked(folder))
    if arguments.out:
        Path(arguments.out).write_text(json.dumps({"idle": idle, "results": results}))


def report(results: Sequence[Result], idle: Mapping[str, object], in_database: Mapping[str, int]) -> None:
    """Print the tables and the count of what was booked."""
    asked = int(sum(number(row, "answered") for row in results if row["target"] == "speko"))
    print("\n".join(table(results)))
    print(f"\nIdle after {SETTLE_S:g} s: {json.dumps(idle)}")
    print(f"Answered by speko: {asked}; in its database: {json.dumps(in_database)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speko", default=str(Path(sys.executable).parent / "speko"), help="the command `speko`")
    parser.add_argument("--litellm", type=Path, help="virtual environment with litellm[proxy]")
    parser.add_argument("--portkey", type=Path, help="folder with node_modules/@portkey-ai/gateway")
    parser.add_argument("--scenarios", help="comma-separated names; all when omitted")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", help="file for every single result, as JSON")
    main(parser.parse_args())
