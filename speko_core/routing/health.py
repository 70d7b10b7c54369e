"""Live health of one process: a breaker for every (provider, model, region, credential) that was called (RTE-12).

Live traffic moves availability only; quality stays the snapshot's. Offline providers have no breaker: nothing is ever
routed to them because something else is unhealthy.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from speko_core.ports.clock import Clock
from speko_core.providers.base import FailureKind, Modality, ProviderError
from speko_core.routing.decision import Ranked
from speko_core.routing.health_breaker import Breaker, Permit
from speko_core.routing.health_pace import UNKNOWN, Pace
from speko_core.routing.offers import Offer

BREAKERS = 20_000

CredentialId = Callable[[str], str]
Key = tuple[str, str, str, str]


def _jitter(key: Key, opening: int) -> float:
    """Spreads retries of different candidates and processes' peers without randomness."""
    digest = hashlib.blake2s("\x00".join((*key, str(opening))).encode(), digest_size=2).digest()
    return int.from_bytes(digest, "big") / 65_535


class HealthBook:
    """Every breaker of a process; bounded, least recently used dropped first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._breakers: OrderedDict[Key, Breaker] = OrderedDict()
        self._troubled: set[Key] = set()

    def blocked(self, offers: Iterable[Offer], region: str, credential_id: CredentialId) -> Mapping[str, str]:
        """Candidate ids that must not be planned now, with the reason; those that may be tried first come first."""
        if not self._troubled:
            return {}
        now = self._clock.monotonic()
        found = [
            (breaker.reopens_at(now), offer.id, breaker.reason(now))
            for offer in offers
            if not offer.sandbox
            and (key := (offer.vendor, offer.facts.id, region, credential_id(offer.vendor))) in self._troubled
            and (breaker := self._breakers[key]).blocks(now)
        ]
        return {candidate: reason for _, candidate, reason in sorted(found)}

    def breaker(self, key: Key) -> Breaker:
        """The breaker of a candidate, made at its first call."""
        found = self._breakers.get(key)
        if found is None:
            found = self._breakers[key] = Breaker(partial(_jitter, key))
            if len(self._breakers) > BREAKERS:
                dropped, _ = self._breakers.popitem(last=False)
                self._troubled.discard(dropped)
        else:
            self._breakers.move_to_end(key)
        return found

    def settle(self, key: Key) -> None:
        """Remember whether anything about this candidate has to be asked before the next decision."""
        now = self._clock.monotonic()
        breaker = self._breakers.get(key)
        if breaker is not None and (breaker.state(now) != "closed" or breaker.blocks(now)):
            self._troubled.add(key)
        else:
            self._troubled.discard(key)

    def now(self) -> float:
        """The clock of all breakers."""
        return self._clock.monotonic()


@dataclass
class CallHealth:
    """What one call tells about its candidates, and may know of them.

    `panic`: every candidate is unhealthy, so each may be tried. `hedges`: a second candidate may be called at once.
    """

    book: HealthBook
    region: str
    credential_id: CredentialId
    panic: bool = False
    hedges: bool = False
    _permits: dict[str, tuple[Key, Permit]] = field(default_factory=dict)

    def begin(self, candidate: Ranked) -> bool:
        """Take leave to call a candidate; False when another call is just trying it."""
        if candidate.offer.sandbox:
            return True
        key = self._key(candidate)
        permit = self.book.breaker(key).begin(self.book.now(), self.panic)
        if permit is None:
            return False
        self._permits[candidate.id] = (key, permit)
        self.book.settle(key)
        return True

    def pace(self, candidate: Ranked) -> Pace:
        """What a candidate that was begun usually needs; nothing is known of offline ones."""
        held = self._permits.get(candidate.id)
        if held is None:
            return UNKNOWN
        key, permit = held
        found = self.book.breaker(key).pace(permit, self.book.now())
        return found if self.hedges else found._replace(hedge_s=None)

    def outrun(self, candidate: Ranked, waited_s: float) -> None:
        """Another candidate was faster."""
        held = self._permits.pop(candidate.id, None)
        if held is not None:
            key, permit = held
            self.book.breaker(key).outrun(permit, self.book.now(), waited_s)
            self.book.settle(key)

    def flowed(self, candidate: Ranked, silence_s: float) -> None:
        """The whole answer came, with no longer silence within it."""
        if not candidate.offer.sandbox:
            self.book.breaker(self._key(candidate)).flowed(self.book.now(), silence_s)

    def succeeded(self, candidate: Ranked, first_event_s: float) -> None:
        """The first real event came after `first_event_s`."""
        held = self._permits.pop(candidate.id, None)
        if held is not None:
            key, permit = held
            self.book.breaker(key).succeeded(permit, self.book.now(), first_event_s)
            self.book.settle(key)

    def failed(self, candidate: Ranked, error: ProviderError) -> None:
        """The candidate was given up, before its first event or after it."""
        key, permit = self._permits.pop(candidate.id, (self._key(candidate), Permit("normal")))
        if candidate.offer.sandbox:
            return
        kind = error.kind
        if kind is FailureKind.EMPTY and candidate.offer.facts.modality is Modality.STT:
            # A recording without words is as likely as a recognizer without ears.
            kind = FailureKind.INVALID
        self.book.breaker(key).failed(permit, self.book.now(), kind, error.retry_after_s)
        self.book.settle(key)

    def abandon(self) -> None:
        """The caller went away: whatever was begun has told nothing."""
        for key, permit in self._permits.values():
            self.book.breaker(key).abandoned(permit)
            self.book.settle(key)
        self._permits.clear()

    def _key(self, candidate: Ranked) -> Key:
        return candidate.vendor, candidate.model, self.region, self.credential_id(candidate.vendor)
