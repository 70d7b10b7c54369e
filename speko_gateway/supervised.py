"""The role's end of the rope to its supervisor.

Two pipes. Standard input, from the supervisor: one JSON line `{"check_ports": [...]}` means go; end of file means that
the supervisor is gone, however it died. A descriptor given on the command line, to the supervisor: one JSON line an
event (`prepared`, `refused`). Nothing of this touches a disk or a log, because `prepared` may carry fresh keys.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass

_STDIN = 0
# After the graceful time, leave by force: nobody is left to do it for us.
ORPHAN_EXTRA_S = 2.0


@dataclass(frozen=True)
class Go:
    """The supervisor's word to start: the roles whose ports must be free."""

    check_ports: tuple[str, ...]


class SupervisorLink:
    """One role process's connection to the process that started it.

    Standard input is read by descriptor: a thread blocked inside `sys.stdin` breaks the interpreter's shutdown.
    """

    def __init__(self, events_fd: int) -> None:
        self._events_fd = events_fd
        self._lost = threading.Event()
        os.set_inheritable(events_fd, False)

    def wait_for_go(self) -> Go:
        """Block until the supervisor says go; ends the process when the supervisor goes away first."""
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(_STDIN, 1)
            if not byte:
                sys.exit(0)
            line += byte
        return Go(tuple(json.loads(line)["check_ports"]))

    def send(self, event: Mapping[str, object]) -> None:
        """Report an event; a supervisor that is gone is noticed by the watch instead."""
        try:
            os.write(self._events_fd, json.dumps(event).encode() + b"\n")
        except BrokenPipeError:
            return

    def watch(self, drain_timeout_s: float) -> None:
        """From now on, drain and end this process and all it started when the supervisor disappears."""
        threading.Thread(target=self._await_loss, args=(drain_timeout_s,), daemon=True, name="supervisor").start()

    def leave(self) -> None:
        """The role is over. Without a supervisor nobody else clears away what it started, itself included."""
        if self._lost.is_set():
            # The supervisor gave each role a process group of its own.
            os.killpg(os.getpgrp(), signal.SIGKILL)

    def _await_loss(self, drain_timeout_s: float) -> None:
        while os.read(_STDIN, 1024):
            continue
        self._lost.set()
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(drain_timeout_s + ORPHAN_EXTRA_S)
        self.leave()
