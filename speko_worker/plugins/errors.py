"""What the plugins raise, and how it becomes the errors that livekit-agents retries and counts.

SpekoAdapterError   a problem inside the adapter (`code` says which)
SpekoApiError       the gateway answered with an error body or an `error` event
"""

import httpx
from livekit.agents import APIConnectionError, APIError, APIStatusError, APITimeoutError

_RETRYABLE = frozenset({408, 409, 429})


class SpekoAdapterError(Exception):
    """The adapter cannot do what it was asked; `code` is `INVALID_CONTEXT`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SpekoApiError(Exception):
    """The gateway refused or failed. `status` is 200 for an error event inside a stream.

    `reasons` says why each provider that was tried failed.
    """

    def __init__(self, message: str, status: int, code: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.reasons = reasons

    @property
    def nothing_was_heard(self) -> bool:
        """True when every provider answered, and none found words: noise, or silence."""
        return bool(self.reasons) and set(self.reasons) == {"empty"}


def is_retryable(status: int) -> bool:
    """Whether asking again can help: 408, 409, 429 and 5xx."""
    return status in _RETRYABLE or status >= 500


def to_livekit(error: SpekoApiError | httpx.HTTPError, *, started: bool) -> APIError:
    """Translate into the framework's error tree; nothing is retryable once output has `started`.

    The message carries our code and status only: the framework logs it.
    """
    if isinstance(error, SpekoApiError):
        status = 500 if error.status < 400 else error.status
        translated: APIError = APIStatusError(f"speko gateway: {error.code}", status_code=status)
        # The constructor forces every other 4xx to final, 409 among them.
        translated.retryable = is_retryable(status) and not started
        return translated
    if isinstance(error, httpx.TimeoutException):
        return APITimeoutError("speko gateway: timed out", retryable=not started)
    return APIConnectionError("speko gateway: connection failed", retryable=not started)
