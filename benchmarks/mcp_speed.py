"""The MCP server beside a bare FastMCP server, the bare SDK and plain JSON over Starlette: CPU time a call.

    PYTHONPATH=. python benchmarks/mcp_speed.py [--speko EXECUTABLE] [--rounds 5] [--out FILE]

Each server is one process on core 0, the load generator is on core 1; all in one run, in a new random order in every
round. This product answers `whoami` and `tools/list` with its key check, scope check, access log and, for `whoami`, a
query; the others add two numbers for anybody. The figure is CPU time a request (user and system, from /proc): other
work on the machine disturbs it less than time, and the ratios less than the figure. Linux, at least two cores.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import gateway_targets as targets
from gateway import GATEWAY_CORE, HERE, LOAD_CORE, cpu_s, started

from tests.ports import reserve_ports

CONNECTIONS, REQUESTS, SETTLE_S = 32, 2000, 6.0
MODERN = "2026-07-28"
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
}
BARE = {"fastmcp": "FastMCP", "sdk": "SDK", "json": "plain JSON"}


@dataclass(frozen=True)
class Cell:
    """One request to one server. `expects` stands in a right answer."""

    server: str
    name: str
    port: int
    method: str
    params: Mapping[str, object]
    modern: bool
    expects: str
    key: str = "none"

    @property
    def body(self) -> str:
        """The message."""
        params = {**self.params, **({"_meta": _META} if self.modern else {})}
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": self.method, "params": params}, separators=(",", ":"))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of its era."""
        headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "authorization": f"Bearer {self.key}",
            "mcp-protocol-version": MODERN if self.modern else "2025-06-18",
        }
        if self.modern:
            headers["mcp-method"] = self.method
            headers |= {"mcp-name": str(self.params["name"])} if "name" in self.params else {}
        return headers


def cells(server: str, port: int, tool: str, arguments: Mapping[str, object], expects: str, key: str) -> list[Cell]:
    """A call in both eras, and the list of tools."""
    call = {"name": tool, "arguments": arguments}
    return [
        Cell(server, f"tools/call {tool}, 2026-07-28", port, "tools/call", call, True, expects, key),
        Cell(server, f"tools/call {tool}, 2025-06-18", port, "tools/call", call, False, expects, key),
        Cell(server, "tools/list, 2026-07-28", port, "tools/list", {}, True, '"tools":', key),
    ]


def check(cell: Cell) -> None:
    """Ask once and look at the answer.

    Raises:
        RuntimeError: it is not the right one.
    """
    url = f"http://{targets.HOST}:{cell.port}/mcp"
    request = urllib.request.Request(url, cell.body.encode(), cell.headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        answer = response.read().decode()
    if cell.expects not in answer or '"isError":true' in answer:
        raise RuntimeError(f"{cell.server}, {cell.name}: {answer[:300]}")


def measure(cell: Cell, pid: int) -> dict[str, object]:
    """CPU time of one cell, in one round."""
    job = {
        "host": targets.HOST, "port": cell.port, "path": "/mcp", "headers": cell.headers, "body": cell.body,
        "tokens": 0, "connections": CONNECTIONS, "requests": REQUESTS, "warmup": CONNECTIONS, "max_s": 20.0,
    }  # fmt: skip
    command = ["taskset", "-c", LOAD_CORE, sys.executable, str(HERE / "gateway_load.py")]
    before = cpu_s(pid)
    output = subprocess.run(command, input=json.dumps(job).encode(), stdout=subprocess.PIPE, check=True, timeout=90)
    found = json.loads(output.stdout)
    return {
        "server": cell.server,
        "cell": cell.name,
        "cpu_ms": (cpu_s(pid) - before) * 1000 / found["answered"],
        "bad": found["bad"],
        "per_second": found["per_second"],
        "machine_load": os.getloadavg()[0],
    }


def bare(kind: str, port: int) -> targets.Target:
    """One of the servers without anything around it."""
    command = (sys.executable, "-m", "uvicorn", "mcp_servers:app", "--port", str(port), "--http", "httptools")
    quiet = ("--no-access-log", "--log-level", "error")
    environment = {"BARE": kind, "PYTHONPATH": str(HERE)}
    return targets.Target(BARE[kind], port, "/mcp", {}, lambda pace, stream: "", (*command, *quiet), environment)


def table(results: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The report as Markdown: medians over the rounds."""
    yield "| server | request | CPU ms each | per s | bad |\n|---|---|---|---|---|"
    for name in dict.fromkeys((str(row["server"]), str(row["cell"])) for row in results):
        rows = [row for row in results if (row["server"], row["cell"]) == name]
        cpu, speed = (statistics.median(float(str(row[key])) for row in rows) for key in ("cpu_ms", "per_second"))
        yield f"| {' | '.join(name)} | {cpu:.3f} | {speed:.0f} | {sum(int(str(row['bad'])) for row in rows)} |"


def main(arguments: argparse.Namespace) -> None:
    """Start everything, measure, stop everything, print."""
    # Whoever stops this stops the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    first, order = reserve_ports(), random.Random(1)
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder, asked = Path(name), list[tuple[Cell, int]]()
        own = targets.speko(arguments.speko, folder, first, first + 1)
        for target in (own, *(bare(kind, first + 2 + number) for number, kind in enumerate(BARE))):
            process = running.enter_context(started(GATEWAY_CORE, target.command, target.environment, folder))
            targets.wait_until_up(target, process)
            key = target.headers.get("authorization", "none").removeprefix("Bearer ")
            call = ("whoami", {}, "organizationName") if target is own else ("add", {"a": 2, "b": 40}, "42")
            of_target = cells(target.name, target.port, *call, key)
            asked += [(cell, process.pid) for cell in (of_target if target.name != BARE["json"] else of_target[1:2])]
        time.sleep(SETTLE_S)
        for cell, _ in asked:
            check(cell)
        results = []
        for _ in range(arguments.rounds):
            order.shuffle(asked)
            results += [measure(cell, pid) for cell, pid in asked]
            print(f"machine load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print("\n".join(table(sorted(results, key=lambda row: (str(row["server"]) != own.name, str(row["server"]))))))
    if arguments.out:
        Path(arguments.out).write_text(json.dumps(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speko", default=str(Path(sys.executable).parent / "speko"), help="the command `speko`")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", help="file for every single result, as JSON")
    main(parser.parse_args())
