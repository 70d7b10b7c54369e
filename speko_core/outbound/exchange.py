"""One whole exchange with a user-given URL: a total time, a size limit, and our own word for what went wrong."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Literal

import httpx

from speko_core.outbound.client import AddressForbidden, HostUnknown, answering_within

Reason = Literal[
    "address_refused", "host_unknown", "unreachable", "timeout", "too_large", "redirect", "encoded", "broken_answer"
]

SENTENCES: dict[Reason, str] = {
    "address_refused": "the URL leads to a private or reserved address",
    "host_unknown": "the URL's host does not resolve",
    "unreachable": "the endpoint could not be reached",
    "timeout": "the endpoint did not answer in time",
    "too_large": "the endpoint's answer was too large",
    "redirect": "the endpoint answered with a redirect, which is not followed",
    "encoded": "the endpoint compressed its answer although it was asked not to",
    "broken_answer": "the endpoint's answer broke off or was not valid HTTP",
}


class ExchangeFailed(Exception):
    """No usable answer came. `reason` is ours; the text is a sentence without anything the endpoint said."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(SENTENCES[reason])
        self.reason: Reason = reason

    @property
    def retryable(self) -> bool:
        """False where the same request will fail the same way."""
        return self.reason not in ("address_refused", "redirect", "encoded", "too_large")


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered. Any status but a redirect; `body` is the endpoint's, never trusted.

    `truncated` when the body went on after what was read of it.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    truncated: bool = False

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300


async def exchange(client: httpx.AsyncClient, request: httpx.Request, *, total_s: float, max_bytes: int) -> Answer:
    """Send `request` and read its whole answer within `total_s` seconds and `max_bytes` bytes.

    Raises:
        ExchangeFailed: with the reason; redirects count as failures.
    """
    answer = await exchange_start(client, request, total_s=total_s, max_bytes=max_bytes)
    if answer.truncated:
        raise ExchangeFailed("too_large")
    return answer


async def exchange_start(
    client: httpx.AsyncClient, request: httpx.Request, *, total_s: float, max_bytes: int
) -> Answer:
    """The same for callers to whom the status matters: of a longer answer the first `max_bytes` bytes are read.

    Raises:
        ExchangeFailed: with the reason; redirects count as failures.
    """
    request.extensions["timeout"] = answering_within(total_s).as_dict()
    try:
        async with asyncio.timeout(total_s):
            return await _exchange(client, request, max_bytes)
    except (TimeoutError, ssl.SSLError, httpx.TransportError) as error:
        raise ExchangeFailed(reason_of(error)) from None


def reason_of(error: TimeoutError | ssl.SSLError | httpx.TransportError) -> Reason:
    """Our word for why a request to a user-given URL failed."""
    return next((reason for kinds, reason in _REASONS if isinstance(error, kinds)), "broken_answer")


_REASONS: tuple[tuple[tuple[type[Exception], ...], Reason], ...] = (
    ((TimeoutError, httpx.TimeoutException), "timeout"),
    ((AddressForbidden,), "address_refused"),
    ((HostUnknown,), "host_unknown"),
    ((httpx.ConnectError, httpx.UnsupportedProtocol, ssl.SSLError), "unreachable"),
)


async def _exchange(client: httpx.AsyncClient, request: httpx.Request, max_bytes: int) -> Answer:
    response = await client.send(request, stream=True)
    try:
        if 300 <= response.status_code < 400:
            raise ExchangeFailed("redirect")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ExchangeFailed("encoded")
        body = await _start(response, max_bytes)
        return Answer(response.status_code, response.headers, body[:max_bytes], truncated=len(body) > max_bytes)
    finally:
        await response.aclose()


async def _start(response: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            break
    return bytes(body)
