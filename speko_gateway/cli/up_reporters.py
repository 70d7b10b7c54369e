"""The supervisor's story: aligned lines for people, JSON lines for programs."""

import json
import sys
import time

import click
from rich.console import Console
from rich.status import Status

from speko_gateway.child import Event
from speko_gateway.cli.welcome import welcome_lines


class JsonReporter:
    """One JSON object an event on standard output; `message` and the keys' values are never logged elsewhere."""

    def starting(self) -> None:
        """The roles are being started."""
        self._emit("starting")

    def progress(self, ready: dict[str, bool]) -> None:
        """Which roles are ready so far."""
        self._emit("progress", roles=ready)

    def ready(self, links: Event, seconds: float) -> None:
        """Everything answers."""
        self._emit("ready", seconds=round(seconds, 2), **links)

    def restarting(self, role: str, status: int, pause_s: float) -> None:
        """A role ended by itself."""
        self._emit("restarting", role=role, exit_status=status, pause_s=pause_s)

    def refused(self, message: str) -> None:
        """It cannot work as configured; people reading standard error get the sentence too."""
        self._emit("refused", message=message)
        click.echo(message, err=True)

    def stopping(self) -> None:
        """Drain begins."""
        self._emit("stopping")

    def stopped(self) -> None:
        """Nothing runs any more."""
        self._emit("stopped")

    @staticmethod
    def _emit(event: str, **values: object) -> None:
        sys.stdout.write(json.dumps({"event": event, "at": round(time.time(), 3), **values}) + "\n")
        sys.stdout.flush()


class ConsoleReporter:
    """Lines on standard output, with a live progress line where that is a terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True, markup=False)
        self._status: Status | None = None

    def starting(self) -> None:
        """Open the progress line."""
        self._status = self._console.status("Starting web, jobs and worker")
        self._status.start()

    def progress(self, ready: dict[str, bool]) -> None:
        """Name what is still missing."""
        missing = [role for role, there in ready.items() if not there]
        if self._status is not None and missing:
            self._status.update("Waiting for " + " and ".join(missing))

    def ready(self, links: Event, seconds: float) -> None:
        """Show where everything is."""
        self._close()
        self._console.print(f"\n  Speko is ready ({seconds:.1f} s). Ctrl-C stops it.\n", style="bold green")
        for line in welcome_lines(links):
            self._console.print(line)

    def restarting(self, role: str, status: int, pause_s: float) -> None:
        """Say which role came back and why."""
        self._console.print(
            f"  {role} ended (exit status {status}); starting it again in {pause_s:g} s", style="yellow"
        )

    def refused(self, message: str) -> None:
        """The sentence, on standard error."""
        self._close()
        click.echo(message, err=True)

    def stopping(self) -> None:
        """Say that the drain began and how to skip it."""
        self._close()
        self._console.print("\n  Stopping: letting calls end. Ctrl-C again stops at once.")

    def stopped(self) -> None:
        """The end."""
        self._close()
        self._console.print("  Stopped.")

    def _close(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
