"""What the hot path knows about an organization without asking the database for every call.

Provider keys, routing policies, the active benchmark snapshot and the balance are read together in one transaction, at
most every `FRESH_S` for an organization. A change made in this process is forgotten at once (`Standings.forget`); the
others notice within `FRESH_S`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from speko_core.ports.clock import Clock
from speko_core.providers.base import Credential, Modality
from speko_core.routing.policy import Policy
from speko_core.routing.snapshot import Snapshot

FRESH_S = 5.0
ORGANIZATIONS = 10_000


@dataclass(frozen=True)
class OwnKey:
    """An organization's key of one vendor; `id` names it without telling it."""

    id: str
    credential: Credential


@dataclass(frozen=True)
class Standing:
    """One organization, as of a few seconds ago at most. Modalities without a policy of their own use the default."""

    snapshot: Snapshot
    keys: Mapping[str, OwnKey] = field(default_factory=dict, repr=False)
    policies: Mapping[Modality, Policy] = field(default_factory=dict)


Load = Callable[[str], Awaitable[Standing]]


class Standings:
    """The organizations of one process; bounded, least recently loaded dropped first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, Standing]] = OrderedDict()
        self._loading: dict[str, asyncio.Lock] = {}

    def get(self, organization_id: str) -> Standing | None:
        """What was last known, or None when nothing was ever asked."""
        entry = self._entries.get(organization_id)
        return entry[1] if entry else None

    async def fresh(self, organization_id: str, load: Load) -> Standing:
        """What is known and not too old; loaded once, however many ask at the same time."""
        known = self._fresh(organization_id)
        if known is not None:
            return known
        lock = self._loading.setdefault(organization_id, asyncio.Lock())
        try:
            async with lock:
                known = self._fresh(organization_id)
                return known if known is not None else self._put(organization_id, await load(organization_id))
        finally:
            if not lock.locked():
                self._loading.pop(organization_id, None)

    async def fresh_within(self, organization_id: str, load: Load) -> Standing:
        """The same for a caller that holds a transaction: it waits for nobody who may be waiting for a connection."""
        known = self._fresh(organization_id)
        return known if known is not None else self._put(organization_id, await load(organization_id))

    def forget(self, organization_id: str) -> None:
        """Something of this organization has changed: the next call reads it again."""
        known = self._entries.get(organization_id)
        if known is not None:
            self._entries[organization_id] = (float("-inf"), known[1])

    def _fresh(self, organization_id: str) -> Standing | None:
        entry = self._entries.get(organization_id)
        return entry[1] if entry is not None and self._clock.monotonic() - entry[0] < FRESH_S else None

    def _put(self, organization_id: str, standing: Standing) -> Standing:
        self._entries[organization_id] = (self._clock.monotonic(), standing)
        self._entries.move_to_end(organization_id)
        if len(self._entries) > ORGANIZATIONS:
            self._entries.popitem(last=False)
        return standing
