"""The hard questions, before any score: may this candidate serve this call at all?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from speko_core.principal import Mode
from speko_core.routing.decision import Drop, FilteredOut
from speko_core.routing.intent import RoutingIntent
from speko_core.routing.offers import Offer
from speko_core.routing.policy import Policy
from speko_core.routing.snapshot import Snapshot

_MISSING_TEXT: Mapping[str, str] = {
    "no_adapter": "this installation has no adapter for it",
    "no_key": "no provider key is configured",
    "retired": "its vendor has ended it",
}
_TEST_MODE = "test keys are served by offline providers only"
_OFFLINE = "offline providers serve live calls only where no real provider is configured"
_NO_DATA = "allow-listed, but the snapshot has no benchmark data for it"
# An option in a model's facts that says: any voice id is passed through, the catalogue does not list them all.
ANY_VOICE = "any_voice"
# A recognizer that hears while somebody speaks, and one that hears nothing but that.
LIVE, LIVE_ONLY = "live", "live_only"


@dataclass(frozen=True)
class Needs:
    """What the call asks of a model beyond the language (RTE-20): option names, a voice by id, a speed in its range.

    `hints` are options that shape an answer without deciding what it is, such as `temperature`: a model without one
    still serves, and the answer names what was left out.
    """

    options: frozenset[str] = field(default=frozenset())
    voice: str | None = None
    hints: frozenset[str] = field(default=frozenset())
    speed: float | None = None

    @cached_property
    def are_none(self) -> bool:
        """True when every model can honour them; hints are not asked."""
        return not self.options and not self.voice and self.speed is None

    def unmet_by(self, offer: Offer) -> tuple[str, ...]:
        """The options this model cannot honour, sorted; a voice it does not have is `voice`."""
        if not self.voice and self.speed is None and self.options <= offer.options:
            return ()
        wanted = self.options if self.speed is None else self.options | {"speed"}
        too_far = {"speed"} if not _has_speed(offer, self.speed) else frozenset[str]()
        unmet = sorted((wanted - offer.options) | too_far)
        return (*unmet, "voice") if self.voice and not _has_voice(offer, self.voice) else tuple(unmet)

    def ignored_by(self, offer: Offer) -> tuple[str, ...]:
        """What `offer` would leave out: its missing hints, and an offline provider's missing options too."""
        unheeded = () if self.hints <= offer.options else tuple(sorted(self.hints - offer.options))
        return (*self.unmet_by(offer), *unheeded) if offer.sandbox else unheeded


def _has_speed(offer: Offer, speed: float | None) -> bool:
    slowest, fastest = offer.facts.speeds or (0.0, math.inf)
    return speed is None or slowest <= speed <= fastest


def _has_voice(offer: Offer, voice: str) -> bool:
    facts = offer.facts
    known = {facts.default_voice, *(entry.id for entry in facts.voices)}
    return voice in known or ANY_VOICE in facts.options


NO_NEEDS = Needs()


@dataclass(frozen=True)
class RoutingCall:
    """The caller's side of a decision. `blocked` holds candidate ids with the health reason to leave them out."""

    intent: RoutingIntent
    mode: Mode = "live"
    allowed: tuple[str, ...] = ()
    needs: Needs = Needs()
    blocked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """An offer with the obstacles that no single call decides, in the order in which they are looked at.

    `unlisted` and `unmeasured` hold only for calls with an allow-list.
    """

    offer: Offer
    id: str
    barred: FilteredOut | None
    unlisted: FilteredOut
    unavailable: FilteredOut | None
    unmeasured: FilteredOut | None
    unsuited: FilteredOut | None

    def obstacle(self, call: RoutingCall, allowed: frozenset[str]) -> FilteredOut | None:
        """Why it cannot serve the call, or None."""
        if self.barred is not None:
            return self.barred
        if allowed and self.id not in allowed and self.offer.vendor not in allowed:
            return self.unlisted
        found = self.unavailable or (self.unmeasured if allowed else None) or self.unsuited
        if found is not None:
            return found
        if self.id in call.blocked:
            return FilteredOut(self.id, "unhealthy", call.blocked[self.id])
        return None if self.offer.sandbox else self.unmet(call)

    def unmet(self, call: RoutingCall) -> FilteredOut | None:
        """The options of the call that it cannot honour, as an obstacle."""
        unmet = call.needs.unmet_by(self.offer)
        if unmet == ("voice",):
            return FilteredOut(self.id, "voice", "does not have the requested voice")
        return FilteredOut(self.id, "option", f"cannot honour {', '.join(unmet)}") if unmet else None


def entries(
    offers: Sequence[Offer], snapshot: Snapshot, policy: Policy, *, mode: Mode, language: str, live: bool
) -> tuple[Entry, ...]:
    """The offers as calls of this mode in this language see them; `live` when the audio is heard as it is spoken."""
    offline, measured = offline_serves(mode, offers), snapshot.ids(policy.modality)

    def entry(offer: Offer) -> Entry:
        name = offer.id

        def when(holds: bool, code: Drop, reason: str) -> FilteredOut | None:
            return FilteredOut(name, code, reason) if holds else None

        declared = offer.sandbox or offer.facts.declared or not policy.pins_need_data
        live_only = LIVE_ONLY in offer.options and not live
        return Entry(
            offer,
            name,
            when(mode == "test" and not offer.sandbox, "test_mode", _TEST_MODE),
            FilteredOut(name, "not_allowed", "not in allowedProviders"),
            _missing(offer) or when(offer.sandbox and not offline, "offline_provider", _OFFLINE),
            when(not declared and name not in measured, "no_benchmark_data", _NO_DATA),
            when(not offer.facts.speaks(language), "language", f"does not serve {language}")
            or when(live_only, "live_only", "hears live audio only"),
        )

    return tuple(map(entry, offers))


def _missing(offer: Offer) -> FilteredOut | None:
    return FilteredOut(offer.id, offer.missing, _MISSING_TEXT[offer.missing]) if offer.missing else None


def offline_serves(mode: Mode, offers: Sequence[Offer]) -> bool:
    """True when offline providers may answer: calls of test keys, and all where no real provider can be called."""
    return mode == "test" or not any(not offer.sandbox and not offer.missing for offer in offers)


def screen(call: RoutingCall, known: Sequence[Entry]) -> tuple[dict[str, Offer], list[FilteredOut]]:
    """Split the entries into those that may serve the call, by id, and those that may not, with reasons."""
    allowed = _effective_allow_list(call, known)
    obstacles = [(entry, entry.obstacle(call, allowed)) for entry in known]
    dropped = [obstacle for _, obstacle in obstacles if obstacle is not None]
    kept = [entry for entry, obstacle in obstacles if obstacle is None]
    # Of the others only those are left that lack nothing.
    unmet = [lack for entry in kept if entry.offer.sandbox and (lack := entry.unmet(call)) is not None]
    if len(unmet) < len(kept):
        # An offline provider stands in for options it lacks only where no other offline one has them.
        dropped += unmet
        lacking = {lack.id for lack in unmet}
        return {entry.id: entry.offer for entry in kept if entry.id not in lacking}, dropped
    return {entry.id: entry.offer for entry in kept}, dropped


def _effective_allow_list(call: RoutingCall, known: Sequence[Entry]) -> frozenset[str]:
    """A test key obeys only the offline entries of a list, so that an agent pinned to a cloud model can be tried."""
    if call.mode != "test" or not call.allowed:
        return frozenset(call.allowed)
    offline_names = {name for entry in known if entry.offer.sandbox for name in (entry.offer.vendor, entry.id)}
    return frozenset(call.allowed) & offline_names
