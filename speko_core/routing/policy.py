"""Weights and hard filters per modality: the defaults of the documented router (RTE-2, RTE-3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from speko_core.providers.base import Modality
from speko_core.routing.intent import OptimizeFor
from speko_core.routing.snapshot import Status


@dataclass(frozen=True)
class Weights:
    """Shares of the three axes; they add up to 1."""

    quality: float
    latency: float
    cost: float


_SHIFTED = {
    OptimizeFor.ACCURACY: Weights(0.8, 0.15, 0.05),
    OptimizeFor.LATENCY: Weights(0.2, 0.7, 0.1),
    OptimizeFor.COST: Weights(0.15, 0.15, 0.7),
}


def _presets(balanced: Weights) -> Mapping[OptimizeFor, Weights]:
    return MappingProxyType({OptimizeFor.BALANCED: balanced, **_SHIFTED})


@dataclass(frozen=True)
class Policy:
    """How one modality is ranked.

    `pins_need_data` refuses an allow-listed cloud model that the snapshot has no row for at all (RTE-5); without an
    allow-list such a model ranks after the measured ones (RTE-18). `hedging` lets calls for latency start a second
    candidate beside a slow one (RTE-13); it does not change the ranking.
    """

    modality: Modality
    presets: Mapping[OptimizeFor, Weights]
    max_latency_p50_ms: float | None = None
    excluded_statuses: frozenset[Status] = field(default=frozenset({"warned", "provisional"}))
    pins_need_data: bool = True
    hedging: bool = True


_USUAL = _presets(Weights(0.5, 0.3, 0.2))

DEFAULT_STT_POLICY = Policy(Modality.STT, _USUAL, max_latency_p50_ms=3000)
DEFAULT_LLM_POLICY = Policy(Modality.LLM, _USUAL)
DEFAULT_TTS_POLICY = Policy(Modality.TTS, _USUAL)
# Callers name the model of a realtime session themselves, and few of these have public figures.
DEFAULT_S2S_POLICY = Policy(Modality.S2S, _presets(Weights(0.4, 0.4, 0.2)), pins_need_data=False)

DEFAULT_POLICIES: Mapping[Modality, Policy] = MappingProxyType(
    {
        policy.modality: policy
        for policy in (DEFAULT_STT_POLICY, DEFAULT_LLM_POLICY, DEFAULT_TTS_POLICY, DEFAULT_S2S_POLICY)
    }
)
