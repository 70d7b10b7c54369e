"""What the three one-shot calls share: start, stream or collect, finish, meter; and their words on the wire."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import ClassVar, Generic, NamedTuple, TypeVar

from speko_core.errors import InvalidInput
from speko_core.metering.credit import Reservation
from speko_core.oneshot.candidates import FAILED_CODES
from speko_core.oneshot.errors import AllProvidersFailed, AnswerBroken
from speko_core.oneshot.failover import Exhausted, Failover, Failure
from speko_core.oneshot.health import Health
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.race import Attempt
from speko_core.oneshot.usage import Attribution, Outcome, Units, Usage, UsageSink
from speko_core.providers.base import ProviderError
from speko_core.providers.catalog import Price
from speko_core.routing.decision import Decision, Ranked
from speko_core.types import JsonObject

E = TypeVar("E")
WireEvent = tuple[str, JsonObject]
# Clients give up after 30 s without a byte; the wire asks for a comment every 15 s of silence at most.
BEAT_S = 10.0


class Route(NamedTuple, Generic[E]):
    """A decision made callable, and who pays for it."""

    decision: Decision
    attempts: Sequence[Attempt[E]]
    timing: Timing
    attribution: Attribution
    usage: UsageSink
    reservation: Reservation | None
    health: Health


class Call(ABC, Generic[E]):
    """One routed call. `start`, then `batches` (or `collect` alone), then always `aclose`."""

    invalid_code: ClassVar[str] = "VALIDATION_ERROR"
    invalid_text: ClassVar[str] = "The provider refused the request as invalid."

    def __init__(self, route: Route[E]) -> None:
        self.decision = route.decision
        self._failover = Failover(route.attempts, route.timing, self._is_real, route.health)
        self._attribution, self._usage, self._reservation = route.attribution, route.usage, route.reservation
        self._health = route.health
        self._open = False
        self._owed: list[Usage] = []
        self._failed_code = FAILED_CODES[route.decision.modality]
        self._reset()

    @property
    def current(self) -> Ranked:
        """The candidate that answers, or is being tried."""
        return self._failover.current

    @property
    def failures(self) -> Sequence[Failure]:
        """The candidates given up so far."""
        return self._failover.failures

    @property
    def failover_count(self) -> int:
        """How many candidates were called before the current one."""
        return self._failover.count

    async def start(self) -> None:
        """Wait for the first real event, failing over on the way.

        Raises:
            InvalidInput: a provider says that the input is at fault.
            AllProvidersFailed: none answered.
        """
        already = len(self._failover.outrun)
        try:
            await self._failover.start()
        except ProviderError:
            raise InvalidInput(self.invalid_text, self.invalid_code) from None
        except Exhausted as exhausted:
            raise AllProvidersFailed(exhausted.failures, self._failed_code) from None
        self._open = True
        outrun = self._failover.outrun[already:]
        self._owed = [self._used(candidate, self._units(), "hedged") for candidate in outrun]

    async def batches(self, beat_s: float = BEAT_S) -> AsyncGenerator[Sequence[E], None]:
        """The answer as it comes, every event taken into the result; empty batches mark silence.

        Raises:
            AnswerBroken: the provider failed after its first event.
        """
        try:
            async with aclosing(self._answer(beat_s)) as answer:
                async for batch in answer:
                    yield batch
        except ProviderError as error:
            await self._settle("failed")
            self._failover.give_up(error)
            raise AnswerBroken(self.failures[-1], self._failed_code) from None

    async def collect(self) -> None:
        """Take the whole answer. Nothing has been shown yet, so a failure in the middle fails over too.

        Raises:
            InvalidInput: a provider says that the input is at fault.
            AllProvidersFailed: none gave a whole answer.
        """
        while True:
            await self.start()
            try:
                async with aclosing(self._answer(BEAT_S)) as answer:
                    async for _ in answer:
                        continue
            except ProviderError as error:
                await self._settle("failed")
                self._failover.give_up(error)
                self._reset()
                if not error.fails_over:
                    raise InvalidInput(self.invalid_text, self.invalid_code) from None
            else:
                return

    async def aclose(self) -> None:
        """Cancel the upstream call if it is still open, and meter what it gave until then (ONE-7)."""
        try:
            await self._failover.aclose()
            await self._settle("cancelled")
        finally:
            if self._reservation is not None:
                self._reservation.release()
            self._health.abandon()

    async def _answer(self, beat_s: float) -> AsyncGenerator[Sequence[E], None]:
        async with aclosing(self._failover.batches(beat_s)) as batches:
            async for batch in batches:
                for event in batch:
                    self._absorb(event)
                yield batch
        self._check_whole()
        self._failover.answered()
        await self._settle("completed")

    async def _settle(self, outcome: Outcome) -> None:
        """Meter the candidate that answered, and what was sent to those it outran."""
        if not self._open:
            return
        self._open = False
        await self._usage.record(self._used(self.current, self._units(), outcome))
        for usage in self._owed:
            await self._usage.record(usage)

    def _used(self, candidate: Ranked, units: Units, outcome: Outcome) -> Usage:
        offer = candidate.offer
        return Usage(
            self._attribution,
            self.decision.modality,
            offer.vendor,
            offer.facts.id,
            offer.key_source,
            units,
            outcome,
            self._prices(candidate),
            self.decision.id or None,
        )

    def _prices(self, candidate: Ranked) -> tuple[Price, ...]:
        """What the candidate's vendor asks for a call of this kind."""
        return candidate.offer.facts.prices

    # --- on the wire ---

    @property
    def headers(self) -> dict[str, str]:
        """The routing headers every answer carries (ONE-5)."""
        headers = {
            "X-Speko-Provider": self.current.vendor,
            "X-Speko-Model": self.current.model,
            "X-Speko-Failover-Count": str(self.failover_count),
            "X-Speko-Scores-Run-Id": self.decision.scores_run_id,
            "X-Speko-Decision-Id": self.decision.id,
        }
        if self._failover.outrun:
            headers["X-Speko-Hedged"] = ",".join(candidate.id for candidate in self._failover.outrun)
        if self.current.ignored:
            headers["X-Speko-Ignored-Options"] = ",".join(self.current.ignored)
        if self.current.offer.facts.deprecated_on:
            headers["X-Speko-Model-Deprecated"] = self.current.offer.facts.deprecated_on.isoformat()
        return headers

    def routed(self) -> JsonObject:
        """The routing fields that `meta` and `done` share."""
        fields: JsonObject = {
            "provider": self.current.vendor,
            "model": self.current.model,
            "failoverCount": self.failover_count,
            "scoresRunId": self.decision.scores_run_id,
        }
        if self._failover.outrun:
            fields["hedged"] = [candidate.id for candidate in self._failover.outrun]
        return fields

    def meta(self) -> JsonObject:
        """The `meta` event."""
        return self.routed()

    # --- what differs ---

    @staticmethod
    @abstractmethod
    def _is_real(event: E) -> bool:
        """True for an event that proves the candidate alive."""

    @abstractmethod
    def _absorb(self, event: E) -> None:
        """Add an event to the result."""

    @abstractmethod
    def _reset(self) -> None:
        """Forget a result that was given up."""

    @abstractmethod
    def _check_whole(self) -> None:
        """Refuse an answer that ended without its point, as `ProviderError`."""

    @abstractmethod
    def _units(self) -> Units:
        """What was consumed so far."""


class EventCall(Call[E]):
    """A call whose answer is events, or one JSON object."""

    @abstractmethod
    def wire(self, event: E) -> WireEvent | None:
        """Name and data of the event on the wire; None for what the wire does not show."""

    @abstractmethod
    def result(self) -> JsonObject:
        """The `done` event, which is also the JSON answer."""


Opener = Callable[[Ranked], AsyncIterator[E]]


def attempts(decision: Decision, opener: Opener[E]) -> list[Attempt[E]]:
    """One attempt for each candidate of the chain, in order."""
    return [Attempt(ranked, partial(opener, ranked)) for ranked in decision.ranked]
