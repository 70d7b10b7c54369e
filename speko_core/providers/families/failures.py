"""From a vendor's refusal to the neutral failure: status, code words and retry hints, in one table.

Only identifiers leave a vendor's error body (`insufficient_quota`, `RESOURCE_EXHAUSTED`); its sentences may quote the
prompt, so they are never read further.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import orjson

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.types import JsonValue

MAX_RETRY_AFTER_S: Final = 3600.0
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)s")
# Keys under which vendors put machine-readable words: OpenAI, Anthropic, Google, ElevenLabs, Deepgram, Cartesia, Qwen.
_WORD_KEYS: Final = ("code", "type", "status", "reason", "err_code", "error_code")
_NESTED_KEYS: Final = ("error", "detail", "details")

_KIND_BY_WORD: Final[Mapping[str, FailureKind]] = {
    **dict.fromkeys(
        (
            "insufficient_quota",
            "billing_error",
            "billing_hard_limit_reached",
            "credit_balance_exhausted",
            "enforced_spend_limit_reached",
            "quota_exceeded",
            "Arrearage",
            "AllocationQuota.FreeTierOnly",
            "FAILED_PRECONDITION",  # Google: no billing where the free tier is not offered
        ),
        FailureKind.QUOTA,
    ),
    **dict.fromkeys(
        ("invalid_api_key", "auth_error", "authentication_error", "API_KEY_INVALID", "InvalidApiKey"), FailureKind.AUTH
    ),
    **dict.fromkeys(
        ("rate_limited", "concurrency_limited", "rate_limit_exceeded", "rate_limit_error"), FailureKind.RATE
    ),
    **dict.fromkeys(("content_filter", "content_policy_violation", "DataInspectionFailed"), FailureKind.REFUSED),
    # The request on the wire is ours: a field or a model the vendor does not take is not the caller's mistake.
    **dict.fromkeys(
        ("unsupported_parameter", "unsupported_value", "unknown_parameter", "model_not_found"), FailureKind.UPSTREAM
    ),
}
_KIND_BY_STATUS: Final[Mapping[int, FailureKind]] = {
    401: FailureKind.AUTH,
    402: FailureKind.QUOTA,
    403: FailureKind.AUTH,
    404: FailureKind.UPSTREAM,
    405: FailureKind.UPSTREAM,
    408: FailureKind.TIMEOUT,
    409: FailureKind.UPSTREAM,
    410: FailureKind.UPSTREAM,
    429: FailureKind.RATE,
    498: FailureKind.UPSTREAM,  # Groq: no flex capacity
    504: FailureKind.TIMEOUT,
}


@dataclass(frozen=True)
class ErrorWords:
    """What may be known of an error body: identifiers, and a delay where the body names one (Google)."""

    words: tuple[str, ...] = ()
    retry_after_s: float | None = None


def read_error_words(body: bytes) -> ErrorWords:
    """The identifiers of a JSON error body in any vendor's shape; none when it is something else."""
    try:
        found: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ErrorWords()
    return error_words(found)


def error_words(value: JsonValue) -> ErrorWords:
    """The identifiers in a decoded error, such as one that arrives in the middle of a stream."""
    words, delays = [], []
    for key, text in _texts(value, 0):
        if key == "retryDelay" and (duration := _DURATION.fullmatch(text)):
            delays.append(_bounded(float(duration[1])))
        elif key != "retryDelay" and _IDENTIFIER.fullmatch(text):
            words.append(text)
    return ErrorWords(tuple(dict.fromkeys(words))[:6], delays[0] if delays else None)


def _texts(value: JsonValue, depth: int) -> Iterator[tuple[str, str]]:
    if depth > 4:
        return
    if isinstance(value, list):
        for item in value[:8]:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict):
        for key in (*_WORD_KEYS, "retryDelay"):
            if isinstance(text := value.get(key), str):
                yield key, text
        for key in _NESTED_KEYS:
            yield from _texts(value.get(key), depth + 1)


def failure_kind(status: int, words: tuple[str, ...] = ()) -> FailureKind:
    """The neutral kind. A word beats the status: 429 `insufficient_quota` does not pass by waiting."""
    for word in words:
        if (kind := _KIND_BY_WORD.get(word)) is not None:
            return kind
    if (kind := _KIND_BY_STATUS.get(status)) is not None:
        return kind
    return FailureKind.INVALID if 400 <= status < 500 else FailureKind.UPSTREAM


def refused(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The failure for an answer that is not a success; `headers` with lower-case lookup."""
    found = read_error_words(body)
    delay = retry_after_s(headers)
    return ProviderError(
        failure_kind(status, found.words),
        " ".join(("HTTP", str(status), *found.words)),
        status=status,
        retry_after_s=found.retry_after_s if delay is None else delay,
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the vendor asks: `retry-after-ms`, then `retry-after` in seconds or as an HTTP date.

    A date is read against the answer's own `date` header, so clocks that differ do not matter.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return _bounded(milliseconds / 1000)
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None:
        return _bounded(seconds)
    return _until(value, headers.get("date"))


def _until(value: str | None, now: str | None) -> float | None:
    if not value or not now:
        return None
    try:
        return _bounded((parsedate_to_datetime(value) - parsedate_to_datetime(now)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        found = float(value) if value else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
