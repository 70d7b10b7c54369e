"""One signed request to somebody's endpoint. Nothing here knows of deliveries: tools and webhooks both send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from speko_core.deps import Deps
from speko_core.outbound.exchange import ExchangeFailed, Reason, exchange_start
from speko_core.webhooks.signing import signed_headers

HIDDEN = "[hidden]"
MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True)
class SignedRequest:
    """What to POST: JSON `body`, signed with every one of `secrets`.

    `message_id` is the receiver's idempotency key, the same however often the request is repeated. `secret_headers`
    are sent like `headers` and shown to nobody.
    """

    url: str
    body: bytes
    message_id: str
    secrets: Sequence[str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def signed(self, now: datetime) -> dict[str, str]:
        """The headers that every receiver may rely on, and the endpoint's own plain ones."""
        own = {"content-type": "application/json", **signed_headers(self.secrets, self.message_id, now, self.body)}
        return {**self.headers, **own}


@dataclass(frozen=True)
class SendResult:
    """What came of it. `status` is None where no usable answer came; `error` is then our sentence.

    `body` is the endpoint's: at most `MAX_ANSWER_BYTES`, never trusted. `shown_headers` are what was sent, without the
    values of secret ones.
    """

    status: int | None
    body: bytes
    truncated: bool
    duration_ms: int
    shown_headers: Mapping[str, str]
    error: str | None
    reason: Reason | None = None

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return self.status is not None and 200 <= self.status < 300


async def deliver_once(deps: Deps, request: SignedRequest, timeout_s: float) -> SendResult:
    """Sign with the time of now, send, and read the start of the answer, all within `timeout_s`. Never raises for what
    an endpoint does.
    """
    headers = request.signed(deps.clock.now())
    shown = {**headers, **dict.fromkeys(request.secret_headers, HIDDEN)}
    began = deps.clock.monotonic()

    def result(
        status: int | None, body: bytes, truncated: bool, error: str | None, reason: Reason | None = None
    ) -> SendResult:
        spent_ms = round((deps.clock.monotonic() - began) * 1000)
        return SendResult(status, body, truncated, spent_ms, shown, error, reason)

    try:
        outgoing = deps.outbound.build_request(
            "POST", request.url, content=request.body, headers={**headers, **request.secret_headers}
        )
        answer = await exchange_start(deps.outbound, outgoing, total_s=timeout_s, max_bytes=MAX_ANSWER_BYTES)
    except ExchangeFailed as failure:
        return result(None, b"", False, str(failure), failure.reason)
    error = None if answer.ok else f"the endpoint answered {answer.status}"
    return result(answer.status, answer.body, answer.truncated, error)
