"""Reading a document in a process of its own, with limits on memory and time."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from speko_core.knowledge.passages import Passage
from speko_core.knowledge.reading.failure import Unreadable
from speko_core.knowledge.reading.kinds import Kind

logger = logging.getLogger(__name__)

# One line of the process is one passage of at most 1,200 characters, in JSON escapes and with its headings.
LINE_BYTES = 65_536
BROKEN = "The document could not be read; it is broken, or needs more time or memory than a document may take."
SLOW = "The document takes too long to read. Split it, or send it as plain text."
EMPTY = "The document holds no text."


@dataclass(frozen=True)
class ReadingLimits:
    """What one document may take: address space, processor seconds, seconds in all."""

    memory_mb: int = 1_024
    cpu_s: int = 60
    wall_s: float = 120.0


async def read(path: Path, kind: Kind, limits: ReadingLimits) -> list[Passage]:
    """The passages of a document.

    Raises:
        Unreadable: why not, in a sentence for the person who sent it.
    """
    try:
        async with asyncio.timeout(limits.wall_s), _started(path, kind, limits) as process:
            passages = await _passages(process)
    except TimeoutError:
        raise Unreadable(SLOW) from None
    if not passages:
        raise Unreadable(EMPTY)
    return passages


@asynccontextmanager
async def _started(path: Path, kind: Kind, limits: ReadingLimits) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, which does not outlive the block and inherits no environment: it needs no secret of ours."""
    arguments = ("-I", "-m", "speko_core.knowledge.reading.program", kind, str(path))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        str(limits.memory_mb),
        str(limits.cpu_s),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        limit=LINE_BYTES,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _passages(process: asyncio.subprocess.Process) -> list[Passage]:
    assert process.stdout is not None
    passages: list[Passage] = []
    async for line in process.stdout:
        value = json.loads(line)
        if isinstance(value, dict):
            raise Unreadable(str(value["error"]))
        body, heading, page = value
        passages.append(Passage(body, heading, page))
    if await process.wait() != 0:
        logger.warning("a document ended the process that read it", extra={"exit": process.returncode})
        raise Unreadable(BROKEN)
    return passages
