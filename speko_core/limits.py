"""Rate limits per key and per organization (ORG-11), by the generic cell rate algorithm.

Each web process counts for itself: N processes behind one address allow up to N times the configured rate. A bucket is
one number, the theoretical arrival time, so a caller costs a dictionary entry and nothing to refill.
"""

import math
from collections import OrderedDict
from typing import NamedTuple

from speko_core.errors import RateLimited
from speko_core.ports.clock import Clock
from speko_core.principal import Principal

WINDOW_S = 60.0
BUCKETS = 50_000
# A sum of N intervals of WINDOW/N is the window only to within floating point.
_ROUNDING = 1e-6


class Allowance(NamedTuple):
    """What is left: `remaining` of `limit` requests now, all of them again after `reset_s` seconds."""

    limit: int
    remaining: int
    reset_s: int


class RateLimiter:
    """Buckets of one process. A limit of 0 switches a kind of bucket off."""

    def __init__(self, clock: Clock, *, per_key: int, per_organization: int) -> None:
        self._clock = clock
        self._per_key = per_key
        self._per_organization = per_organization
        self._arrivals: OrderedDict[str, float] = OrderedDict()

    def take(self, principal: Principal) -> Allowance | None:
        """Count one request; returns the tighter allowance, or None when nothing limits the caller.

        Raises:
            RateLimited: with the seconds to wait.
        """
        if principal.kind == "worker":
            return None
        # A call in progress must not fail because its organization is busy elsewhere; it was admitted at creation.
        shared = 0 if principal.kind == "session" else self._per_organization
        allowances = [
            self._count(name, limit)
            for name, limit in (
                (f"key:{principal.id}", self._per_key),
                (f"organization:{principal.organization_id}", shared),
            )
            if limit > 0
        ]
        return min(allowances, key=lambda allowance: allowance.remaining, default=None)

    def _count(self, name: str, limit: int) -> Allowance:
        now = self._clock.monotonic()
        interval = WINDOW_S / limit
        arrival = max(self._arrivals.get(name, now), now) + interval
        if arrival - now > WINDOW_S + interval * _ROUNDING:
            wait = math.ceil(arrival - now - WINDOW_S)
            raise RateLimited(f"Over the limit of {limit} requests per minute.", retry_after_s=max(wait, 1))
        self._arrivals[name] = arrival
        self._arrivals.move_to_end(name)
        if len(self._arrivals) > BUCKETS:
            self._arrivals.popitem(last=False)
        return Allowance(limit, int((WINDOW_S - (arrival - now)) / interval + _ROUNDING), math.ceil(arrival - now))
