"""Policies as organizations set them: what may be changed, and how a stored one becomes the selector's `Policy`.

At most one is active per modality; absent fields mean the default of `policy.py`. A new one takes effect with the next
decision of the process that stored it and within seconds in the others, without any new benchmark (RTE-3).
"""

import math
from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from speko_core.providers.base import Modality
from speko_core.routing.intent import OptimizeFor
from speko_core.routing.policy import DEFAULT_POLICIES, Policy, Weights
from speko_core.routing.snapshot import Status
from speko_core.schemas import StrictInput

_ROUNDING = 1e-6


class AxisWeights(StrictInput):
    """Shares of the three axes; they add up to 1."""

    quality: float = Field(ge=0, le=1)
    latency: float = Field(ge=0, le=1)
    cost: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if not math.isclose(self.quality + self.latency + self.cost, 1.0, abs_tol=_ROUNDING):
            raise ValueError("quality, latency and cost must add up to 1")
        return self


class PolicySettings(StrictInput):
    """What a policy may change. Absent fields keep the default."""

    presets: dict[OptimizeFor, AxisWeights] | None = Field(None, description="Weights of the presets to change.")
    max_latency_p50_ms: float | None = Field(
        None, ge=1, le=600_000, description="Slower candidates are left out; null means no cutoff."
    )
    excluded_statuses: list[Status] | None = Field(None, description="Rows with these statuses are left out.")
    pins_need_data: bool | None = Field(
        None, description="Refuse an allow-listed model that the snapshot has no figures for."
    )
    hedging: bool | None = Field(
        None, description="Whether calls that ask for latency may call the next candidate beside a slow one."
    )


def effective(modality: Modality, settings: PolicySettings | None) -> Policy:
    """The policy that `settings` make of the default."""
    default = DEFAULT_POLICIES[modality]
    if settings is None:
        return default
    given = settings.model_fields_set
    statuses = settings.excluded_statuses
    return Policy(
        modality=modality,
        presets={**default.presets, **_weights(settings)},
        max_latency_p50_ms=settings.max_latency_p50_ms if "max_latency_p50_ms" in given else default.max_latency_p50_ms,
        excluded_statuses=default.excluded_statuses if statuses is None else frozenset(statuses),
        pins_need_data=default.pins_need_data if settings.pins_need_data is None else settings.pins_need_data,
        hedging=default.hedging if settings.hedging is None else settings.hedging,
    )


def _weights(settings: PolicySettings) -> Mapping[OptimizeFor, Weights]:
    return {
        name: Weights(weights.quality, weights.latency, weights.cost)
        for name, weights in (settings.presets or {}).items()
    }
