"""Models by the one name that clients of other APIs give them: which there are, and what a name stands for."""

from collections.abc import Mapping
from typing import Final

from speko_core.deps import Deps
from speko_core.errors import NotFound
from speko_core.principal import Principal
from speko_core.providers.base import Modality
from speko_core.providers.catalog import VendorFacts
from speko_core.routing.eligibility import offline_serves
from speko_core.routing.offers import Offer
from speko_core.routing.router import offers_for
from speko_core.warming import warm

AUTO: Final = "auto"


def allowed_by_name(name: str, modality: Modality, catalog: Mapping[str, VendorFacts]) -> tuple[str, ...]:
    """The allow-list entries that `name` stands for; none for `auto`, which leaves the choice to the router.

    A vendor, `vendor:model` or `vendor/model`, or a bare model: that model wherever there is one.

    Raises:
        NotFound: `MODEL_NOT_FOUND`, nothing of this modality has the name.
    """
    if name in ("", AUTO):
        return ()
    models = [
        (vendor, model.id) for vendor, facts in catalog.items() for model in facts.models if model.modality is modality
    ]
    if any(vendor == name for vendor, _ in models):
        return (name,)
    written = written_id(name)
    found = tuple(f"{vendor}:{model}" for vendor, model in models if name == model or written == f"{vendor}:{model}")
    if not found:
        raise no_such_model(name, modality.upper())
    return found


def written_id(name: str) -> str:
    """`vendor/model` as `vendor:model`."""
    return name if ":" in name else name.replace("/", ":", 1)


def no_such_model(name: str, kind: str = "") -> NotFound:
    """The refusal of a name that nothing has."""
    text = f"There is no {kind} model {name!r}." if kind else f"There is no model {name!r}."
    return NotFound(text, "MODEL_NOT_FOUND", hint="GET /v1/models lists them.")


async def callable_models(deps: Deps, principal: Principal) -> list[Offer]:
    """Every model that a call of `principal` could be answered by now, in catalogue order."""
    await warm(deps, principal.organization_id)
    found: list[Offer] = []
    for modality in (Modality.LLM, Modality.STT, Modality.TTS):
        offers = offers_for(deps, principal, modality)
        offline = offline_serves(principal.mode, offers)
        found += [offer for offer in offers if not offer.missing and _may_serve(offer, principal, offline)]
    return found


def _may_serve(offer: Offer, principal: Principal, offline: bool) -> bool:
    return offline if offer.sandbox else principal.mode == "live"
