"""Who is measured: models of the catalogue that this installation can call now, each with its adapter and its key."""

from collections.abc import Sequence
from dataclasses import dataclass

from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.principal import Principal
from speko_core.providers.base import Credential, Modality, Provider
from speko_core.providers.credentials import resolve
from speko_core.routing.offers import Offer
from speko_core.routing.router import offers_for

_WHY_NOT = {
    "no_key": "no provider key is configured",
    "no_adapter": "this installation has no adapter for it",
    "retired": "its vendor has ended it",
}


@dataclass(frozen=True)
class Target:
    """A model that is called directly, past the router."""

    offer: Offer
    provider: Provider
    credential: Credential | None

    @property
    def id(self) -> str:
        """`vendor:model`."""
        return self.offer.id

    @property
    def model(self) -> str:
        """The model's id at its vendor."""
        return self.offer.facts.id

    @property
    def simulated(self) -> bool:
        """True for the rules that stand for a language model: their figures say nothing about one."""
        return self.offer.sandbox and self.offer.facts.modality is Modality.LLM


def targets(
    deps: Deps, principal: Principal, modality: Modality, language: str, wanted: Sequence[str]
) -> tuple[Target, ...]:
    """The models that `wanted` names as `vendor` or `vendor:model`, or all that can be called. Await `warm` first.

    Raises:
        InvalidInput: an entry names nothing, or nothing that can be called for this language.
    """
    known = offers_for(deps, principal, modality)
    refused = {offer.id: _refusal(deps, offer, language) for offer in known}
    open_offers = [offer for offer in known if refused[offer.id] is None]
    for entry in wanted:
        named = [offer for offer in known if entry in (offer.vendor, offer.id)]
        if not named:
            raise InvalidInput(
                f"{entry[:80]!r} is no provider or provider:model for {modality}.",
                hint="`GET /v1/providers/known` lists the ids.",
            )
        if not any(offer in open_offers for offer in named):
            raise InvalidInput(f"{named[0].id} cannot be measured: {refused[named[0].id]}.")
    chosen = [offer for offer in open_offers if not wanted or {offer.vendor, offer.id} & set(wanted)]
    if not chosen:
        raise InvalidInput(f"No {modality} model can be called for {language}.", hint="Configure a provider key.")
    return tuple(_target(deps, principal, offer) for offer in chosen)


def recognizer(deps: Deps, principal: Principal, language: str, wanted: str | None) -> Target:
    """Who writes down what was synthesized: the one named, else the first in the catalogue that can be called.

    Raises:
        InvalidInput: there is none.
    """
    return targets(deps, principal, Modality.STT, language, [wanted] if wanted else [])[0]


def _refusal(deps: Deps, offer: Offer, language: str) -> str | None:
    if offer.missing is not None:
        return _WHY_NOT[offer.missing]
    provider = deps.providers.get(offer.vendor)
    if provider is None or not provider.has_model(offer.facts.id):
        return "this machine does not have what it needs; see `speko doctor`"
    return None if offer.facts.speaks(language) else f"it does not serve {language}"


def _target(deps: Deps, principal: Principal, offer: Offer) -> Target:
    provider = deps.providers.get(offer.vendor)
    assert provider is not None, offer.vendor
    return Target(offer, provider, resolve(deps, principal, offer.vendor))
