"""A routed conversation with a model: begun with the first candidate that takes it, moved on while nothing was told.

What the caller says is kept until the model has shown that it hears; a candidate that fails before is replaced by the
next one, which hears everything from the start. After that a failure ends the conversation: its memory is the vendor's.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.metering.credit import Reservation
from speko_core.oneshot.call import attempts
from speko_core.oneshot.candidates import FAILED_CODES, route
from speko_core.oneshot.errors import AllProvidersFailed
from speko_core.oneshot.failover import Exhausted, Failover
from speko_core.oneshot.health import Health
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.tape import Tape
from speko_core.oneshot.unhurried import Unhurried
from speko_core.principal import Principal
from speko_core.providers.base import FailureKind, Modality, ProviderError, Tool, ToolCall
from speko_core.providers.credentials import resolve
from speko_core.providers.realtime import (
    Ready,
    RealtimeEvent,
    RealtimeInput,
    RealtimeRequest,
    Said,
    Sound,
)
from speko_core.realtime.choice import needs
from speko_core.realtime.creating import USUAL
from speko_core.realtime.endings import BEHIND, BROKEN, Over
from speko_core.routing.decision import Decision, Ranked
from speko_core.routing.intent import AllowedProviders, Constraints, RoutingIntent
from speko_core.sessions.plan import PlanRealtime, SessionPlan

# Longer than any conversation: silence is nobody's failure here.
LONGEST_S: Final = 4 * 3600.0
OPEN_S: Final = 8.0
# A vendor that takes no audio for this long, with a minute of it waiting, does not keep up.
BLOCKED_S: Final = 15.0
TIMING: Final = Timing(OPEN_S, LONGEST_S, LONGEST_S, OPEN_S, LONGEST_S)


@dataclass(frozen=True)
class Routed:
    """A decision that may be carried out, and what it takes to do so."""

    decision: Decision
    reservation: Reservation | None
    failover: Failover[RealtimeEvent]
    health: Health
    tape: Tape[RealtimeInput]


class Conversation:
    """One conversation. One task calls `tell`, another takes `events`; the owner must call `aclose`."""

    def __init__(self, routed: Routed) -> None:
        self._routed, self._failover, self._tape = routed, routed.failover, routed.tape
        self.decision, self.reservation = routed.decision, routed.reservation
        self._heard = False

    @property
    def current(self) -> Ranked:
        """Who holds the conversation."""
        return self._failover.current

    async def start(self) -> None:
        """Wait until a candidate has taken the conversation.

        Raises:
            InvalidInput: a provider says that what was asked for is at fault.
            AllProvidersFailed: none took it.
        """
        try:
            await self._failover.start()
        except ProviderError:
            raise InvalidInput("The provider refused the session as invalid.") from None
        except Exhausted as exhausted:
            raise AllProvidersFailed(exhausted.failures, FAILED_CODES[Modality.S2S]) from None

    async def tell(self, said: RealtimeInput) -> None:
        """Pass something on; waits while the provider is far behind.

        Raises:
            Over: it does not keep up.
        """
        try:
            async with asyncio.timeout(BLOCKED_S):
                await self._tape.put(said)
        except TimeoutError:
            raise Over(BEHIND) from None

    async def events(self) -> AsyncGenerator[RealtimeEvent, None]:
        """What happens, over whatever candidates it takes.

        Raises:
            Over: the provider failed after it was heard from, or none is left.
        """
        while True:
            try:
                async with aclosing(self._answer()) as answer:
                    async for event in answer:
                        yield event
                raise ProviderError(FailureKind.UPSTREAM, "the conversation ended by itself")
            except ProviderError as error:
                self._failover.give_up(error)
                if self._heard or not error.fails_over:
                    raise Over(BROKEN) from None
                await self._next()

    async def _next(self) -> None:
        try:
            await self.start()
        except (AllProvidersFailed, InvalidInput):
            raise Over(BROKEN) from None

    async def _answer(self) -> AsyncGenerator[RealtimeEvent, None]:
        async with aclosing(self._failover.batches(LONGEST_S)) as batches:
            async for batch in batches:
                for event in batch:
                    if not self._heard and isinstance(event, Sound | Said | ToolCall):
                        self._heard = True
                        self._tape.forget()
                    yield event

    async def aclose(self) -> None:
        """End it at the provider, and give back what was held."""
        try:
            self._tape.end()
            await self._failover.aclose()
        finally:
            if self.reservation is not None:
                self.reservation.release()
            self._routed.health.abandon()


async def open_conversation(
    deps: Deps, principal: Principal, plan: SessionPlan, realtime: PlanRealtime, tools: tuple[Tool, ...]
) -> Conversation:
    """Route a conversation; nobody is called before `start`.

    Raises:
        InvalidInput: an option that no model honours.
        NoCandidate: nothing may serve it.
        InsufficientCredits: there is no credit for it.
    """
    intent = RoutingIntent.model_validate(plan.intent.model_dump())
    constraints = Constraints(allowed_providers=AllowedProviders(s2s=realtime.models))
    wanted = needs(realtime.voice, realtime.temperature, bool(tools))
    routed = await route(deps, principal, Modality.S2S, intent, constraints, wanted, estimate=USUAL)
    tape, health = Tape[RealtimeInput](), Unhurried(routed.health)

    def converse(candidate: Ranked) -> AsyncIterator[RealtimeEvent]:
        provider = deps.providers.get(candidate.vendor)
        assert provider is not None
        assert provider.s2s is not None
        request = request_for(candidate, plan, realtime, tools)
        return provider.s2s.converse(request, tape.play(), resolve(deps, principal, candidate.vendor))

    tried = attempts(routed.decision, converse)
    failover = Failover(tried, TIMING, lambda event: isinstance(event, Ready), health)
    return Conversation(Routed(routed.decision, routed.reservation, failover, health, tape))


def request_for(
    candidate: Ranked, plan: SessionPlan, realtime: PlanRealtime, tools: tuple[Tool, ...]
) -> RealtimeRequest:
    """The session as one candidate can take it: what it cannot honour was weighed by the router, and is left out."""
    voice = None if "voice" in candidate.ignored else realtime.voice
    return RealtimeRequest(
        model=candidate.model,
        language=plan.intent.language,
        input_rate=realtime.input_sample_rate,
        output_rate=realtime.output_sample_rate,
        instructions=plan.system_prompt,
        voice=voice or candidate.offer.facts.default_voice,
        temperature=None if "temperature" in candidate.ignored else realtime.temperature,
        tools=tools,
    )
