"""Recently authenticated keys of one process, so that a busy key costs no query per request.

A revoked key stops working at once in the process that revoked it and within `CACHE_S` in the others.
"""

from collections import OrderedDict

from speko_core.principal import Principal

CACHE_S = 5.0
CACHE_SIZE = 10_000


class KeyCache:
    """Digest → principal for a few seconds; bounded, oldest dropped first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    def get(self, digest: str, now: float) -> Principal | None:
        """The cached principal, unless it is too old."""
        entry = self._entries.get(digest)
        return entry[1] if entry and now - entry[0] < CACHE_S else None

    def put(self, digest: str, principal: Principal, now: float) -> None:
        """Remember a principal."""
        self._entries[digest] = (now, principal)
        self._entries.move_to_end(digest)
        if len(self._entries) > CACHE_SIZE:
            self._entries.popitem(last=False)

    def forget(self, key_id: str) -> None:
        """Drop a revoked key at once in this process."""
        for digest in [digest for digest, (_, who) in self._entries.items() if who.id == key_id]:
            del self._entries[digest]
