"""The process that reads one document: `python -I -m speko_core.knowledge.reading.program KIND PATH MEMORY_MB CPU_S`.

It writes one JSON line a passage, `[body, heading, page]`, and ends with 0; or one line `{"error": sentence}` and ends
with 3. It limits itself before it loads a parser, so that no document takes more than its share of the machine.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from speko_core.knowledge.passages import Block, cut
from speko_core.knowledge.reading.failure import Unreadable

UNREADABLE = 3
MAX_PASSAGES = 10_000
# Conversations come first.
NICENESS = 10
TOO_LARGE = "The document takes more memory to read than one may use. Split it, or send it as plain text."
TOO_LONG = f"The document gives more than {MAX_PASSAGES} passages. Split it."
_MODULES = {"text": "text", "markdown": "markdown", "html": "html", "pdf": "pdf", "docx": "docx", "csv": "table"}


def main() -> int:
    """Entry point of the process."""
    kind, path, memory_mb, cpu_s = sys.argv[1:5]
    _limit(int(memory_mb) * 1_048_576, int(cpu_s))
    try:
        _write(kind, Path(path))
    except Unreadable as error:
        return _failed(str(error))
    except (MemoryError, RecursionError):
        return _failed(TOO_LARGE)
    return 0


def _limit(memory_bytes: int, cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(NICENESS)


def _write(kind: str, path: Path) -> None:
    read: Callable[[Path], Iterator[Block]] = import_module(f"speko_core.knowledge.reading.{_MODULES[kind]}").read
    for count, passage in enumerate(cut(read(path)), start=1):
        if count > MAX_PASSAGES:
            raise Unreadable(TOO_LONG)
        sys.stdout.write(json.dumps([passage.body, passage.heading, passage.page]) + "\n")
    sys.stdout.flush()


def _failed(sentence: str) -> int:
    sys.stdout.write(json.dumps({"error": sentence}) + "\n")
    sys.stdout.flush()
    return UNREADABLE


if __name__ == "__main__":
    sys.exit(main())
