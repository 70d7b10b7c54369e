"""Time as a port, so that tests move it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where the core reads time."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking."""
        ...
