"""Every error the product answers with, and nothing about how a door shows it.

    SpekoError
    ├── InvalidInput      400  the caller can mend the request
    ├── Unauthorized      401  no valid credential
    ├── InsufficientCredits 402  a managed call without balance
    ├── Forbidden         403  valid credential, missing scope
    ├── NotFound          404  absent, or another organization's
    ├── Conflict          409  the state does not allow it
    ├── TooLarge          413  body over the limit
    ├── Unprocessable     422  well-formed fields that contradict each other, where the wire says so
    ├── RateLimited       429  come back after `retry_after_s`
    ├── Failed            500  a documented failure of this operation
    └── Unavailable       503  a dependency is away, retry

`message` is written by us and may be shown to people and to models. Upstream text never goes into it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """One invalid field: its path (`intent.language`), and what is allowed there."""

    field: str
    problem: str


@dataclass(frozen=True)
class Cause:
    """One underlying failure: a provider's model, and `reason`, our word for what went wrong (such as `timeout`)."""

    provider: str
    model: str
    reason: str


class SpekoError(Exception):
    """An expected failure with a documented status and machine code.

    `code` is stable and documented; `message` is for people; `hint` names the next step.
    """

    status = 500
    default_code = "INTERNAL_ERROR"
    retryable = False

    def __init__(
        self,
        message: str,
        code: str | None = None,
        *,
        fields: Sequence[FieldProblem] = (),
        hint: str | None = None,
        retry_after_s: int | None = None,
        causes: Sequence[Cause] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.fields = tuple(fields)
        self.hint = hint
        self.retry_after_s = retry_after_s
        self.causes = tuple(causes)


class InvalidInput(SpekoError):
    """The request is malformed; `fields` says where."""

    status = 400
    default_code = "VALIDATION_ERROR"


class Unauthorized(SpekoError):
    """No credential, or one that is unknown, expired or revoked."""

    status = 401
    default_code = "UNAUTHORIZED"


class InsufficientCredits(SpekoError):
    """A managed call was refused before any provider was called."""

    status = 402
    default_code = "INSUFFICIENT_CREDITS"


class Forbidden(SpekoError):
    """The credential is valid and lacks a scope."""

    status = 403
    default_code = "FORBIDDEN"


class NotFound(SpekoError):
    """Absent in this organization; another organization's id answers the same (ORG-1)."""

    status = 404
    default_code = "NOT_FOUND"


class Conflict(SpekoError):
    """The present state forbids the change."""

    status = 409
    default_code = "CONFLICT"


class TooLarge(SpekoError):
    """The body is over the limit; refused before it is read."""

    status = 413
    default_code = "BODY_TOO_LARGE"


class Unprocessable(SpekoError):
    """Well-formed fields that contradict each other, where the wire documents 422."""

    status = 422
    default_code = "VALIDATION_ERROR"


class RateLimited(SpekoError):
    """Too many requests; `retry_after_s` says when to come back."""

    status = 429
    default_code = "RATE_LIMITED"
    retryable = True


class Failed(SpekoError):
    """A documented failure of the operation itself, such as every provider failing."""

    status = 500
    retryable = True


class Unavailable(SpekoError):
    """A dependency is away for the moment."""

    status = 503
    default_code = "UNAVAILABLE"
    retryable = True


class ConfigurationError(Exception):
    """The process cannot start as configured. The text is one sentence for the operator."""
