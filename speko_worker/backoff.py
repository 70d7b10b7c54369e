"""Waiting between attempts: growing, capped, jittered."""

import random
from dataclasses import dataclass


@dataclass
class Backoff:
    """Delays in seconds; `next` grows, `reset` starts over."""

    first_s: float = 0.25
    factor: float = 2.0
    most_s: float = 5.0
    _next_s: float = 0.0

    def next(self) -> float:
        """The delay before the following attempt, spread over half to all of its nominal value."""
        nominal = self._next_s or self.first_s
        self._next_s = min(self.most_s, nominal * self.factor)
        return nominal * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret

    def reset(self) -> None:
        """The last attempt worked."""
        self._next_s = 0.0
