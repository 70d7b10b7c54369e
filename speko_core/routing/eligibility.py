"""The hard questions, before any score: may this candidate serve this call at all?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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

    def unmet_by(self, offer: Offer) -> tuple[str, ...]:
        """The options this model cannot honour, sorted; a voice it does not have is `voice`."""
        wanted = self.options if self.speed is None else self.options | {"speed"}
        too_far = {"speed"} if not _has_speed(offer, self.speed) else frozenset[str]()
        unmet = sorted((wanted - frozenset(offer.facts.options)) | too_far)
        return (*unmet, "voice") if self.voice and not _has_voice(offer, self.voice) else tuple(unmet)

    def ignored_by(self, offer: Offer) -> tuple[str, ...]:
        """What `offer` would leave out: its missing hints, and an offline provider's missing options too."""
        unheeded = tuple(sorted(self.hints - frozenset(offer.facts.options)))
        return (*self.unmet_by(offer), *unheeded) if offer.sandbox else unheeded


def _has_speed(offer: Offer, speed: float | None) -> bool:
    slowest, fastest = offer.facts.speeds or (0.0, math.inf)
    return speed is None or slowest <= speed <= fastest


def _has_voice(offer: Offer, voice: str) -> bool:
    facts = offer.facts
    known = {facts.default_voice, *(entry.id for entry in facts.voices)}
    return voice in known or ANY_VOICE in facts.options


@dataclass(frozen=True)
class RoutingCall:
    """The caller's side of a decision. `blocked` holds candidate ids with the health reason to leave them out."""

    intent: RoutingIntent
    mode: Mode = "live"
    allowed: tuple[str, ...] = ()
    needs: Needs = Needs()
    blocked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Rules:
    call: RoutingCall
    snapshot: Snapshot
    policy: Policy
    offline: bool
    allowed: frozenset[str]

    def drop(self, offer: Offer) -> tuple[Drop, str] | None:
        """Why `offer` cannot serve the call, or None."""
        return self._unwanted(offer) or self._unavailable(offer) or self._unsuited(offer)

    def _unwanted(self, offer: Offer) -> tuple[Drop, str] | None:
        if self.call.mode == "test" and not offer.sandbox:
            return "test_mode", "test keys are served by offline providers only"
        if self.allowed and not self.allowed & {offer.vendor, offer.id}:
            return "not_allowed", "not in allowedProviders"
        return None

    def _unavailable(self, offer: Offer) -> tuple[Drop, str] | None:
        if offer.missing:
            return offer.missing, _MISSING_TEXT[offer.missing]
        if offer.sandbox and not self.offline:
            return "offline_provider", "offline providers serve live calls only where no real provider is configured"
        exempt = offer.sandbox or offer.facts.declared or not self.policy.pins_need_data
        if self.allowed and not exempt and offer.id not in self.snapshot.ids(self.policy.modality):
            return "no_benchmark_data", "allow-listed, but the snapshot has no benchmark data for it"
        return None

    def _unsuited(self, offer: Offer) -> tuple[Drop, str] | None:
        if not offer.facts.speaks(self.call.intent.language):
            return "language", f"does not serve {self.call.intent.language}"
        if LIVE_ONLY in offer.facts.options and LIVE not in self.call.needs.hints:
            return "live_only", "hears live audio only"
        if offer.id in self.call.blocked:
            return "unhealthy", self.call.blocked[offer.id]
        return None if offer.sandbox else _unmet(self.call, offer)


def offline_serves(mode: Mode, offers: Sequence[Offer]) -> bool:
    """True when offline providers may answer: calls of test keys, and all where no real provider can be called."""
    return mode == "test" or not any(not offer.sandbox and not offer.missing for offer in offers)


def screen(
    call: RoutingCall, offers: Sequence[Offer], snapshot: Snapshot, policy: Policy
) -> tuple[list[Offer], list[FilteredOut]]:
    """Split the offers into those that may serve the call and those that may not, with reasons."""
    rules = _Rules(call, snapshot, policy, offline_serves(call.mode, offers), _effective_allow_list(call, offers))
    reasons = {offer.id: rules.drop(offer) for offer in offers}
    kept = [offer for offer in offers if reasons[offer.id] is None]
    suited = [offer for offer in kept if not call.needs.unmet_by(offer)]
    if suited:
        # An offline provider stands in for options it lacks only where no other offline one has them.
        reasons |= {offer.id: _unmet(call, offer) for offer in kept if offer not in suited}
    dropped = [FilteredOut(name, *why) for name, why in reasons.items() if why is not None]
    return suited or kept, dropped


def _unmet(call: RoutingCall, offer: Offer) -> tuple[Drop, str] | None:
    unmet = call.needs.unmet_by(offer)
    if unmet == ("voice",):
        return "voice", "does not have the requested voice"
    return ("option", f"cannot honour {', '.join(unmet)}") if unmet else None


def _effective_allow_list(call: RoutingCall, offers: Sequence[Offer]) -> frozenset[str]:
    """A test key obeys only the offline entries of a list, so that an agent pinned to a cloud model can be tried."""
    if call.mode != "test":
        return frozenset(call.allowed)
    offline_names = {name for offer in offers if offer.sandbox for name in (offer.vendor, offer.id)}
    return frozenset(call.allowed) & offline_names
