"""How much processor time migration takes: one megabyte of configuration, a repository of 10,000 files, hostile files.

    python -m benchmarks.migration

Targets: one megabyte parsed and reported in 0.3 s, 10,000 files inspected in 5 s, a hostile file refused in 2 s.
"""

import contextlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from speko_core.errors import SpekoError
from speko_core.migration.documents import File
from speko_core.migration.inspect import inspect_files
from speko_core.migration.parse import parse_files
from speko_core.migration.workspace import select_files


def megabyte() -> bytes:
    """An assistant of about 1 MB: a long prompt and many tools."""
    tool = {
        "type": "function",
        "server": {"url": "https://boats.example.com/tools"},
        "function": {
            "name": "lookup",
            "description": "Looks a thing up. " * 20,
            "parameters": {
                "type": "object",
                "properties": {f"field_{at}": {"type": "string", "description": "A value. " * 4} for at in range(10)},
            },
        },
    }
    model = {
        "provider": "openai",
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "You help. " * 9_000}],
        "tools": [tool] * 640,
    }
    return json.dumps({"name": "Big", "firstMessage": "Hi", "model": model}).encode()


def repository(root: Path) -> None:
    """10,000 files: mostly ordinary code and data, one agent among them."""
    for folder in range(100):
        (root / f"d{folder}").mkdir()
        for at in range(100):
            suffix = ("json", "py", "ts", "md", "txt")[at % 5]
            (root / f"d{folder}" / f"f{at}.{suffix}").write_text("const value = 1;\n" * 40 if suffix == "ts" else "{}")
    agent = {
        "model": {"provider": "openai", "model": "gpt-4o"},
        "firstMessage": "Hi",
        "transcriber": {"provider": "deepgram"},
    }
    (root / "d50" / "agent.json").write_text(json.dumps(agent))


def measure(name: str, work: Callable[[], object], times: int = 5) -> None:
    """Print the fastest of some runs: the others were disturbed."""
    fastest = min(_once(work) for _ in range(times))
    print(f"{name:<44} {fastest * 1000:8.0f} ms")


def _once(work: Callable[[], object]) -> float:
    started = time.process_time()
    with contextlib.suppress(SpekoError):
        work()
    return time.process_time() - started


def main() -> None:
    """Measure and print."""
    big = megabyte()
    measure(f"parse and report {len(big) / 1e6:.1f} MB of JSON", lambda: parse_files([File("a.json", big)]))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        repository(root)
        measure("inspect a repository of 10,000 files", lambda: inspect_files(select_files(root)), times=3)
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 12)]
    hostile = {
        "refuse 50 MB": File("a.json", b'{"a": "' + b"x" * 50_000_000 + b'"}'),
        "refuse 4 MB nested 2,000,000 deep": File("a.json", b"[" * 2_000_000 + b"]" * 2_000_000),
        "refuse a YAML bomb": File("a.yaml", "\n".join(levels).encode()),
        "refuse 1,000,000 values": File("a.json", b"[" + b"1," * 1_000_000 + b"1]"),
        "refuse 4 MB of YAML": File("a.yaml", b"- a: 1\n" * 580_000),
        "refuse a script of open braces": File("a.ts", b"return {" * 60_000),
    }
    for name, file in hostile.items():
        measure(name, lambda file=file: parse_files([file]), times=2)  # type: ignore[misc]


if __name__ == "__main__":
    main()
