"""The recognition processes: started at the first call, one utterance at a time each, replaced when they die.

Processes, not threads: the recognizer holds the interpreter lock while it decodes.
"""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.local.children import child_environment, end_process
from speko_core.providers.local.frames import HEADER, MAX_FRAME_BYTES, pack
from speko_core.types import JsonObject

logger = logging.getLogger(__name__)

RecognitionModel = Literal["free", "grammar"]

MODULE = "speko_core.providers.local.sphinx_process"
MAX_WAITING = 32


@dataclass(frozen=True)
class PoolLimits:
    """Seconds of patience: to start and load a process, to wait for a free one, and per second of audio."""

    start_s: float = 20.0
    queue_s: float = 30.0
    base_s: float = 10.0
    per_audio_second_s: float = 3.0


class SphinxPool:
    """At most `size` processes and `MAX_WAITING` calls waiting for one; more are refused at once."""

    def __init__(self, size: int, limits: PoolLimits | None = None, command: Sequence[str] = ()) -> None:
        self._limits = limits or PoolLimits()
        self._command = tuple(command) or (sys.executable, "-m", MODULE)
        self._free = asyncio.Semaphore(size)
        self._idle: list[asyncio.subprocess.Process] = []
        self._waiting = 0
        self._closed = False

    @property
    def idle_pids(self) -> tuple[int, ...]:
        """Process ids of the processes that wait for work."""
        return tuple(process.pid for process in self._idle)

    async def warm(self, model: RecognitionModel) -> None:
        """Start one process and load a model, so that the first caller does not wait for it.

        Raises:
            ProviderError: the process does not start.
        """
        await self._ask([json.dumps({"op": "warm", "model": model}).encode()], self._limits.start_s)

    async def recognize(self, pcm_16k: bytes, model: RecognitionModel, keywords: Sequence[str]) -> JsonObject:
        """The process's answer: `words` as [text, start, end], `guessed`, `dropped`.

        Raises:
            ProviderError: RATE when the queue is full, TIMEOUT, or NETWORK when the process died.
        """
        header = json.dumps({"op": "recognize", "model": model, "keywords": list(keywords)}).encode()
        audio_s = len(pcm_16k) / 32_000
        return await self._ask([header, pcm_16k], self._limits.base_s + self._limits.per_audio_second_s * audio_s)

    async def aclose(self) -> None:
        """End the processes; a call under way ends its own."""
        self._closed = True
        idle, self._idle = self._idle, []
        for process in idle:
            await end_process(process)

    async def _ask(self, frames: Sequence[bytes], timeout_s: float) -> JsonObject:
        async with self._slot():
            process = await self._take()
            answered = False
            try:
                async with asyncio.timeout(timeout_s):
                    answer = await _exchange(process, frames)
                answered = True
                return answer
            except TimeoutError:
                raise ProviderError(FailureKind.TIMEOUT, f"recognition took longer than {timeout_s:.0f} s") from None
            except (OSError, EOFError) as error:
                raise ProviderError(FailureKind.NETWORK, "the recognition process ended during the call") from error
            finally:
                # A process whose answer was not read cannot be used again: the next caller would get that answer.
                if answered and not self._closed:
                    self._idle.append(process)
                else:
                    await end_process(process)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._waiting >= MAX_WAITING:
            raise ProviderError(FailureKind.RATE, "too many calls wait for offline recognition", retry_after_s=1)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.queue_s):
                await self._free.acquire()
        except TimeoutError:
            raise ProviderError(FailureKind.TIMEOUT, "no recognition process became free in time") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()

    async def _take(self) -> asyncio.subprocess.Process:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
            logger.warning("idle recognition process had ended", extra={"returncode": process.returncode})
        return await self._start()

    async def _start(self) -> asyncio.subprocess.Process:
        if self._closed:
            raise ProviderError(FailureKind.NETWORK, "offline recognition is shutting down")
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=child_environment(),
            )
        except OSError as error:
            raise ProviderError(FailureKind.NETWORK, "the recognition process does not start") from error


async def _exchange(process: asyncio.subprocess.Process, frames: Sequence[bytes]) -> JsonObject:
    assert process.stdin is not None
    assert process.stdout is not None
    for frame in frames:
        process.stdin.write(pack(frame))
        await process.stdin.drain()
    (length,) = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
    if length > MAX_FRAME_BYTES:
        raise EOFError
    answer: JsonObject = json.loads(await process.stdout.readexactly(length))
    return answer
