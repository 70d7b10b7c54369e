"""Failures of one-shot calls. `code` is the endpoint's documented one; messages name providers in our own words.

SpekoError
└── Failed (500)
    ├── NoCandidate          nothing may serve the call; says why
    ├── AllProvidersFailed   every candidate was tried; `failures` for the operator
    └── AnswerBroken         the answering provider failed after its first event
"""

from collections.abc import Sequence

from speko_core.errors import Cause, Failed
from speko_core.oneshot.failover import Failure
from speko_core.oneshot.patience import Stuck
from speko_core.providers.base import FailureKind
from speko_core.routing.decision import Decision, FilteredOut

_SHOWN = 5
_KIND_TEXT = {
    FailureKind.NETWORK: "could not be reached",
    FailureKind.TIMEOUT: "did not answer in time",
    FailureKind.UPSTREAM: "failed",
    FailureKind.EMPTY: "answered with nothing",
    FailureKind.AUTH: "refused the provider key",
    FailureKind.QUOTA: "has no quota left",
    FailureKind.RATE: "is rate limited",
    FailureKind.REFUSED: "refused the content",
    FailureKind.INVALID: "refused the input",
}


class NoCandidate(Failed):
    """No candidate may serve the call."""

    retryable = False

    def __init__(self, decision: Decision, code: str) -> None:
        name, language = decision.modality.upper(), decision.intent.language
        reasons = [f"{entry.id}: {entry.reason}" for entry in _most_telling(decision)]
        more = len(decision.filtered_out) - len(reasons)
        text = "; ".join(reasons) + (f"; and {more} more" if more > 0 else "")
        super().__init__(
            f"No {name} provider is available for {language}" + (f" ({text})." if text else "."),
            code,
            hint="GET /v1/benchmarks/stack shows why each provider is left out.",
        )
        self.decision = decision


class AllProvidersFailed(Failed):
    """Every candidate failed (RTE-10)."""

    def __init__(self, failures: Sequence[Failure], code: str) -> None:
        causes = "; ".join(f"{failure.candidate.id} {_told(failure)}" for failure in failures)
        super().__init__(f"All providers failed: {causes}.", code, causes=list(map(_cause, failures)))
        self.failures = tuple(failures)


class AnswerBroken(Failed):
    """The answer stopped in the middle; what was sent before it is all there is."""

    def __init__(self, failure: Failure, code: str) -> None:
        message = f"The answer stopped in the middle: {failure.candidate.id} {_told(failure)}."
        super().__init__(message, code, causes=[_cause(failure)])
        self.failure = failure


def _told(failure: Failure) -> str:
    text = _KIND_TEXT[failure.error.kind]
    if failure.skipped:
        return f"was not called, because {failure.candidate.vendor} {text} for another of its models"
    if isinstance(failure.error, Stuck):
        return f"was silent for {failure.error.within_s:.1f} s, longer than it ever needs"
    return text


def _cause(failure: Failure) -> Cause:
    reason = "skipped" if failure.skipped else str(failure.error.kind)
    return Cause(failure.candidate.vendor, failure.candidate.model, reason)


# From what the caller could mend to what the caller asked for: a model left out by the allow-list explains nothing.
_LEAST_TELLING = ("no_key", "test_mode", "offline_provider", "no_adapter", "not_allowed")


def _most_telling(decision: Decision) -> Sequence[FilteredOut]:
    """Reasons about the request come before reasons that hold for the whole installation."""

    def rank(entry: FilteredOut) -> int:
        return _LEAST_TELLING.index(entry.code) + 1 if entry.code in _LEAST_TELLING else 0

    return sorted(decision.filtered_out, key=rank)[:_SHOWN]
