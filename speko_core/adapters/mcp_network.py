"""The network under the MCP client: its requests are made by the guarded client of user-given URLs.

The library speaks httpx2 and opens connections of its own, which nothing guards. Given this transport it opens none:
each request is handed to our httpx client, which judges and pins the address, verifies the certificate and uses no
proxy. What counts for webhooks counts here too: no redirects, no compression, a bound on what is read.
"""

import ssl
from collections.abc import AsyncIterator

import httpx
import httpx2

from speko_core.outbound.client import USER_AGENT, answering_within
from speko_core.outbound.exchange import SENTENCES, Reason, reason_of

# For all answers of one visit together.
MAX_BYTES = 2_097_152


class GuardedBridge(httpx2.AsyncBaseTransport):
    """httpx2 over the guarded httpx client, for one visit to one server.

    `failure` is the first thing that went wrong, which the library wraps and words in many ways; `status` is that of
    the last message's answer.
    """

    def __init__(self, outbound: httpx.AsyncClient, timeout_s: float) -> None:
        self._outbound, self._timeout = outbound, answering_within(timeout_s)
        self._left = MAX_BYTES
        self.failure: Reason | None = None
        self.status = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request through the guarded client.

        Raises:
            httpx2.TransportError: with our sentence; `failure` has the reason.
        """
        content = await request.aread()
        sent = self._outbound.build_request(
            request.method, str(request.url), content=content, headers=request.headers.raw, timeout=self._timeout
        )
        try:
            answer = await self._outbound.send(sent, stream=True)
        except (ssl.SSLError, httpx.TransportError) as error:
            raise self._failed(reason_of(error), request) from None
        problem = _problem(answer)
        if problem:
            await answer.aclose()
            raise self._failed(problem, request)
        if request.method == "POST":
            self.status = answer.status_code
        return httpx2.Response(answer.status_code, headers=answer.headers.raw, stream=_Body(self, answer, request))

    def take(self, chunk: bytes, request: httpx2.Request) -> bytes:
        """Count what was read.

        Raises:
            httpx2.TransportError: it is too much.
        """
        self._left -= len(chunk)
        if self._left < 0:
            raise self._failed("too_large", request)
        return chunk

    def broken(self, error: ssl.SSLError | httpx.TransportError, request: httpx2.Request) -> httpx2.TransportError:
        """The failure of an answer that broke off."""
        return self._failed(reason_of(error), request)

    def _failed(self, reason: Reason, request: httpx2.Request) -> httpx2.TransportError:
        self.failure = self.failure or reason
        return httpx2.ReadError(SENTENCES[reason], request=request)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, bridge: GuardedBridge, answer: httpx.Response, request: httpx2.Request) -> None:
        self._bridge, self._answer, self._request = bridge, answer, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_raw():
                yield self._bridge.take(chunk, self._request)
        except (ssl.SSLError, httpx.TransportError) as error:
            raise self._bridge.broken(error, self._request) from None

    async def aclose(self) -> None:
        await self._answer.aclose()


def bridged_client(bridge: GuardedBridge, headers: dict[str, str]) -> httpx2.AsyncClient:
    """The client to give to the library; the guarded client underneath keeps the time of each step."""
    own = {"user-agent": USER_AGENT, "accept-encoding": "identity"}
    return httpx2.AsyncClient(
        transport=bridge, headers={**own, **headers}, follow_redirects=False, trust_env=False, timeout=None
    )


def _problem(answer: httpx.Response) -> Reason | None:
    if answer.is_redirect:
        return "redirect"
    return None if answer.headers.get("content-encoding", "identity") == "identity" else "encoded"
