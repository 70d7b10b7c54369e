"""Turns on disk until the gateway has them, so that a killed worker process loses none.

One file a session, readable by its owner only: the first line says how to report (the session's own short-lived token
included), every further line is one turn, and a last one how the call ended. A session whose end was reported leaves no
file.
"""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from speko_core.types import JsonObject

logger = logging.getLogger("speko.worker.journal")

_END = "end"


@dataclass(frozen=True)
class Leftover:
    """What a lost process had not reported."""

    path: Path
    session_id: str
    token: str
    turns: list[JsonObject]
    end: "End"


@dataclass(frozen=True)
class End:
    """How a call ended, as its record says it."""

    status: str
    reason: str
    error: str | None = None


LOST = End("failed", "error", "WORKER_LOST")


class Journal:
    """Append-only file of one session. A failing disk costs the safety net, never the call."""

    def __init__(self, folder: Path, session_id: str, token: str) -> None:
        self._path = folder / f"{session_id}.jsonl"
        self._descriptor: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._write({"sessionId": session_id, "token": token, "pid": os.getpid()})
        except OSError:
            logger.warning("turn journal is not available", exc_info=True)

    def append(self, turn: JsonObject) -> None:
        """Keep one turn; it is in the kernel's hands when this returns."""
        self._keep(turn)

    def ended(self, end: End) -> None:
        """Keep how the call ended: who reports it later says so."""
        self._keep({_END: [end.status, end.reason, end.error]})

    def discard(self) -> None:
        """Everything was reported."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Keep the file for the next start."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _keep(self, entry: JsonObject) -> None:
        try:
            self._write(entry)
        except OSError:
            logger.warning("turn journal is not writable", exc_info=True)

    def _write(self, entry: JsonObject) -> None:
        if self._descriptor is not None:
            os.write(self._descriptor, json.dumps(entry).encode() + b"\n")


def leftovers(folder: Path, is_active: Callable[[str], bool]) -> list[Leftover]:
    """Journals nobody works on: not of a session that is active in this process, not of another living process.

    Whether a session is active is asked after its file was seen: it is so before its file is there.
    """
    paths = sorted(folder.glob("*.jsonl")) if folder.is_dir() else []
    found = [_read(path) for path in paths if not is_active(path.stem)]
    return [leftover for leftover in found if leftover is not None]


def writers(folder: Path) -> frozenset[int]:
    """The processes that journals here belong to: each of them carries out a call, or died over it."""
    heads = (_head(path) for path in (folder.glob("*.jsonl") if folder.is_dir() else ()))
    return frozenset(pid for head in heads if head and isinstance(pid := head.get("pid"), int))


def _head(path: Path) -> JsonObject | None:
    try:
        with path.open("rb") as file:
            return _entry(file.readline().decode())
    except (OSError, UnicodeDecodeError):  # the call ended, and its journal with it
        return None


def _read(path: Path) -> Leftover | None:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:  # its end was reported just now
        return None
    # The last line may be torn by the kill: it is skipped.
    lines = [entry for line in text.splitlines() if (entry := _entry(line)) is not None]
    if not lines or not {"sessionId", "token", "pid"} <= lines[0].keys():
        path.unlink(missing_ok=True)
        return None
    head, turns = lines[0], [line for line in lines[1:] if _END not in line]
    pid = head["pid"]
    if isinstance(pid, int) and pid != os.getpid() and _is_alive(pid):
        return None
    return Leftover(path, str(head["sessionId"]), str(head["token"]), turns, _end(lines[-1]))


def _end(last: JsonObject) -> End:
    match last.get(_END):
        case [str() as status, str() as reason, None | str() as error]:
            return End(status, reason, error)
    return LOST


def _entry(line: str) -> JsonObject | None:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
