"""The recording of one call: a second of it at a time goes to disk, so memory is bounded however long it takes."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from speko_worker.recording.encoder import OggOpusFile
from speko_worker.recording.timeline import Timeline

logger = logging.getLogger("speko.worker.recording")

WRITE_EVERY_S = 1.0


@dataclass(frozen=True)
class Recorded:
    """A finished file."""

    path: Path
    duration_ms: int


class CallRecording:
    """Hears both sides (`tape`) until `close`. A failing disk costs the recording, never the call."""

    def __init__(self, folder: Path, session_id: str, caller_rate: int, agent_rate: int) -> None:
        self.tape = Timeline(caller_rate, agent_rate)
        self._path = folder / f"{session_id}.{os.getpid()}.ogg"
        self._rates = (caller_rate, agent_rate)
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="speko.recording")

    async def close(self) -> Recorded | None:
        """Finish the file; None when it could not be written, and then nothing is left of it."""
        self._closing.set()
        duration_ms = await self._task
        if duration_ms is None:
            self.discard()
            return None
        return Recorded(self._path, duration_ms)

    def discard(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

    async def _run(self) -> int | None:
        try:
            file = await asyncio.to_thread(OggOpusFile, self._path, *self._rates)
            while not self._closing.is_set():
                await self._pause()
                await asyncio.to_thread(file.write, *self.tape.take())
            await asyncio.to_thread(file.write, *self.tape.take(whole=True), last=True)
            return await asyncio.to_thread(file.close)
        except (OSError, av.FFmpegError) as error:
            logger.warning("the recording could not be written", extra={"error": type(error).__name__})
            return None

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(WRITE_EVERY_S):
                await self._closing.wait()
        except TimeoutError:
            return


def remove_leftovers(folder: Path, is_active: Callable[[str], bool]) -> None:
    """Delete files of processes that are gone: their recordings have failed.

    Whether a session is active in this process is asked after its file was seen: it is so before its file is there.
    """
    for path in folder.glob("*.ogg") if folder.is_dir() else ():
        session_id, _, pid = path.stem.rpartition(".")
        own = pid == str(os.getpid())
        if (own and not is_active(session_id)) or not (own or Path(f"/proc/{pid}").exists()):
            path.unlink(missing_ok=True)
