"""Questions about routing that call no provider: the stack preview, the known providers, the voices."""

from collections.abc import Iterable

from speko_core.context import Ctx
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import Modality
from speko_core.routing.decision import Ranked, Scores
from speko_core.routing.decisions import Inputs
from speko_core.routing.eligibility import ANY_VOICE
from speko_core.routing.intent import RoutingIntent
from speko_core.routing.offers import Offer
from speko_core.routing.router import inputs_for, offers_for
from speko_core.routing.schemas import (
    KnownProvider,
    KnownProviders,
    Stack,
    StackAxes,
    StackCandidate,
    StackFilteredOut,
    StackLayer,
    StackQuery,
    VoiceEntry,
    VoiceProvider,
    Voices,
    VoicesQuery,
)
from speko_core.routing.snapshot import Snapshot
from speko_core.warming import warm_within

TTS_SUFFIX = "-tts"


async def stack(ctx: Ctx, query: StackQuery) -> Stack:
    """What the router would pick for an intent, and why not the others. Records no usage (RTE-6)."""
    intent = RoutingIntent(language=query.language, region=query.region, optimize_for=query.optimize_for)
    standing = await warm_within(ctx.deps, ctx.organization_id, ctx.db)
    layers = {
        str(modality): _layer(ctx, inputs_for(ctx.deps, ctx.principal, modality, intent)) for modality in Modality
    }
    return Stack(
        language=query.language,
        region=query.region,
        optimize_for=query.optimize_for,
        scores_run_id=standing.snapshot.scores_run_id,
        **layers,
    )


def _layer(ctx: Ctx, inputs: Inputs) -> StackLayer:
    decision, weights = ctx.deps.memo.decide(inputs).decision, inputs.policy.presets[inputs.call.intent.optimize_for]
    ranked = [_candidate(item) for item in decision.ranked]
    return StackLayer(
        pick=ranked[0] if ranked else None,
        runners_up=ranked[1:],
        filtered_out=[
            StackFilteredOut(id=entry.id, code=entry.code, reason=entry.reason) for entry in decision.filtered_out
        ],
        source=decision.source,
        weights=StackAxes(quality=weights.quality, latency=weights.latency, cost=weights.cost),
    )


def _candidate(item: Ranked) -> StackCandidate:
    return StackCandidate(
        id=item.id,
        provider=item.vendor,
        model=item.model,
        score=None if item.score is None else round(item.score, 4),
        axes=_axes(item.axes) if item.axes else None,
        basis=item.basis,
        reason=item.reason,
    )


def _axes(found: Scores) -> StackAxes:
    return StackAxes(quality=round(found.quality, 4), latency=round(found.latency, 4), cost=round(found.cost, 4))


async def known_providers(ctx: Ctx, query: object) -> KnownProviders:
    """Every entry that `allowedProviders` takes (RTE-7)."""
    registry, snapshot = ctx.deps.providers, (await warm_within(ctx.deps, ctx.organization_id, ctx.db)).snapshot
    here = {modality: offers_for(ctx.deps, ctx.principal, modality) for modality in Modality}
    return KnownProviders(**{str(modality): _known(here[modality], modality, registry, snapshot) for modality in here})


def _known(
    offers: Iterable[Offer], modality: Modality, registry: ProviderRegistry, snapshot: Snapshot
) -> list[KnownProvider]:
    here = {offer.id: offer for offer in offers}
    measured = snapshot.ids(modality)
    ids = sorted({*here, *measured})
    vendors = sorted({candidate.partition(":")[0] for candidate in ids})
    return [row for vendor in vendors for row in _vendor_rows(vendor, ids, here, measured, registry)]


def _vendor_rows(
    vendor: str, ids: Iterable[str], here: dict[str, Offer], measured: frozenset[str], registry: ProviderRegistry
) -> list[KnownProvider]:
    facts = registry.catalog.get(vendor)
    models = [
        KnownProvider(
            id=candidate,
            vendor=vendor,
            vendor_name=facts.name if facts else vendor,
            model=candidate.partition(":")[2],
            benchmarked=candidate in measured,
            available=candidate in here and here[candidate].missing is None,
            deprecated_on=here[candidate].facts.deprecated_on if candidate in here else None,
        )
        for candidate in ids
        if candidate.partition(":")[0] == vendor
    ]
    wildcard = models[0].model_copy(
        update={
            "id": vendor,
            "model": None,
            "benchmarked": any(row.benchmarked for row in models),
            "available": any(row.available for row in models),
            "deprecated_on": None,
        }
    )
    return [wildcard, *models]


async def voices(ctx: Ctx, query: VoicesQuery) -> Voices:
    """The voices of the catalogue. Vendors whose voices belong to an account are listed without them (RTE-15)."""
    await warm_within(ctx.deps, ctx.organization_id, ctx.db)
    wanted = query.provider.removesuffix(TTS_SUFFIX) if query.provider else None
    by_vendor: dict[str, list[Offer]] = {}
    for offer in offers_for(ctx.deps, ctx.principal, Modality.TTS):
        if wanted in (None, offer.vendor):
            by_vendor.setdefault(offer.vendor, []).append(offer)
    return Voices(
        voices=[entry for vendor, models in by_vendor.items() for entry in _voices(vendor, models)],
        providers=[_provider(vendor, models, ctx.deps.providers) for vendor, models in by_vendor.items()],
    )


def _voices(vendor: str, models: Iterable[Offer]) -> list[VoiceEntry]:
    by_id = {voice.id: voice for offer in models for voice in offer.facts.voices}
    return [VoiceEntry(vendor=vendor, id=voice.id, name=voice.name) for voice in by_id.values()]


def _provider(vendor: str, models: list[Offer], registry: ProviderRegistry) -> VoiceProvider:
    listed = any(offer.facts.voices for offer in models)
    passed_through = any(ANY_VOICE in offer.facts.options for offer in models)
    return VoiceProvider(
        key=vendor,
        name=registry.catalog[vendor].name,
        models=[offer.facts.id for offer in models],
        voices_fetched_live=passed_through and not listed,
    )
