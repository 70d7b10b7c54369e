"""Requests and answers about stored decisions and policies."""

from typing import Literal

from pydantic import Field

from speko_core.providers.base import Modality
from speko_core.routing.decision import Basis, Drop
from speko_core.routing.intent import OptimizeFor, RoutingIntent
from speko_core.routing.policies import AxisWeights, PolicySettings
from speko_core.routing.snapshot import Status
from speko_core.schemas import Input, Output, WireTime


class ReplayRequest(Input):
    """Names one stored decision: the `X-Speko-Decision-Id` of an answer."""

    decision_id: str = Field(max_length=80)


class ReplayedCandidate(Output):
    """A candidate of the chain."""

    id: str
    score: float | None
    basis: Basis
    reason: str | None
    key_source: Literal["BYOK", "MANAGED", "NONE"]
    ignored: list[str] = Field(description="Options of the call that it could not honour.")


class ReplayedDrop(Output):
    """A candidate that was left out."""

    id: str
    code: Drop
    reason: str


class Replay(Output):
    """The decision made again from what is stored of its inputs."""

    decision_id: str
    created_at: WireTime
    modality: Modality
    intent: RoutingIntent
    scores_run_id: str
    policy_id: str = Field(description="Hash of the policy's content.")
    identical: bool = Field(description="The chain is byte for byte what was answered then.")
    panic: bool = Field(description="Every candidate was unhealthy, and each could be tried all the same.")
    ranked: list[ReplayedCandidate]
    filtered_out: list[ReplayedDrop] = Field(serialization_alias="filtered_out")


class PolicyPut(PolicySettings):
    """The policy of one modality; absent fields keep the default, so only `modality` restores it whole."""

    modality: Modality


class PolicyRow(Output):
    """The policy in force for one modality."""

    modality: Modality
    source: Literal["default", "organization"]
    presets: dict[OptimizeFor, AxisWeights]
    max_latency_p50_ms: float | None
    excluded_statuses: list[Status]
    pins_need_data: bool
    hedging: bool


class Policies(Output):
    """The policies in force."""

    policies: list[PolicyRow]
