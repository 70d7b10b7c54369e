"""Calling an app's API with an installation's token: bounded in time, patient with limits, renewing once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import httpx
import orjson

from speko_core.integrations.failures import Busy, Uncertain, unclear
from speko_core.integrations.ports import Ports
from speko_core.outbound.exchange import Answer, ExchangeFailed, exchange
from speko_core.ports.integrations import IntegrationFailed
from speko_core.types import JsonObject

MAX_ANSWER_BYTES = 1_048_576
FIRST_WAIT_S = 0.5
MOST_ATTEMPTS = 4
# What is left of the time after a wait must be enough for an answer.
ANSWER_S = 0.5


class Verdict(StrEnum):
    """What an answer means before anybody looks into it. `AWAY`: it broke, and may have acted."""

    FINE = "fine"
    LIMITED = "limited"
    UNAUTHORIZED = "unauthorized"
    REVOKED = "revoked"
    AWAY = "away"


@dataclass(frozen=True)
class Reply:
    """An app's answer. `body` is empty where it is no JSON object."""

    status: int
    body: JsonObject
    retry_after_s: float | None

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300


Judge = Callable[[Reply], Verdict]
Ended = Literal["expired", "revoked"]


class Authorization:
    """The installation's tokens, as a call needs them."""

    def __init__(
        self, usable: Callable[[str | None], Awaitable[str]], ended: Callable[[Ended], Awaitable[IntegrationFailed]]
    ) -> None:
        self._usable, self._ended = usable, ended
        self._token: str | None = None

    async def token(self, *, rejected: bool = False) -> str:
        """The access token; after a rejection another one.

        Raises:
            IntegrationFailed: there is none.
        """
        if self._token is None or rejected:
            self._token = await self._usable(self._token)
        return self._token

    async def ended(self, verdict: Verdict) -> IntegrationFailed:
        """The app does not take the authorization any more: note it; answers the failure to raise."""
        return await self._ended("revoked" if verdict is Verdict.REVOKED else "expired")


class Api:
    """The API of one app for one call. `deadline` is on the monotonic clock."""

    def __init__(
        self, ports: Ports, title: str, base_url: str, judge: Judge, authorization: Authorization, deadline: float
    ) -> None:
        self.title = title
        self._ports, self._base, self._judge = ports, base_url, judge
        self._authorization, self._deadline = authorization, deadline

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        query: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """Make one request; one that is not `repeatable` is sent again only where it cannot have acted.

        Raises:
            IntegrationFailed: no usable answer came.
        """
        rejected = False
        for attempt in range(MOST_ATTEMPTS):
            reply = await self._try(method, path, body, query, repeatable, rejected)
            verdict = Verdict.AWAY if reply is None else self._judge(reply)
            if reply is not None and verdict is Verdict.FINE:
                return reply
            if verdict is Verdict.REVOKED or (verdict is Verdict.UNAUTHORIZED and rejected):
                raise await self._authorization.ended(verdict)
            if verdict is Verdict.AWAY and not repeatable:
                raise unclear(self.title)
            rejected = verdict is Verdict.UNAUTHORIZED
            if not rejected:
                await self._wait(reply, attempt, verdict)
        raise self._gave_up(verdict)

    async def _try(
        self,
        method: str,
        path: str,
        body: JsonObject | None,
        query: Mapping[str, str] | None,
        repeatable: bool,
        rejected: bool,
    ) -> Reply | None:
        token = await self._authorization.token(rejected=rejected)
        request = self._ports.outbound.build_request(
            method,
            self._base + path,
            params=query,
            content=None if body is None else orjson.dumps(body),
            headers={
                "authorization": f"Bearer {token}",
                "accept": "application/json",
                **({} if body is None else {"content-type": "application/json; charset=utf-8"}),
            },
        )
        try:
            return await fetch(self._ports, request, self._left_s())
        except ExchangeFailed as error:
            if repeatable and error.retryable:
                return None
            raise _told(self.title, error) from None

    async def _wait(self, reply: Reply | None, attempt: int, verdict: Verdict) -> None:
        asked = reply.retry_after_s if reply else None
        seconds = FIRST_WAIT_S * 2**attempt if asked is None else asked
        if seconds + ANSWER_S > self._left_s():
            raise Busy(self.title, seconds) if verdict is Verdict.LIMITED else unclear(self.title)
        await self._ports.clock.sleep(seconds)

    def _left_s(self) -> float:
        return max(0.01, self._deadline - self._ports.clock.monotonic())

    def _gave_up(self, verdict: Verdict) -> IntegrationFailed:
        return Busy(self.title, 60) if verdict is Verdict.LIMITED else unclear(self.title)


async def fetch(ports: Ports, request: httpx.Request, total_s: float) -> Reply:
    """One exchange, its answer read as a JSON object.

    Raises:
        ExchangeFailed: no usable answer came.
    """
    return _reply(await exchange(ports.outbound, request, total_s=total_s, max_bytes=MAX_ANSWER_BYTES))


def _reply(answer: Answer) -> Reply:
    try:
        body = orjson.loads(answer.body) if answer.body else {}
    except orjson.JSONDecodeError:
        body = {}
    return Reply(answer.status, body if isinstance(body, dict) else {}, _retry_after(answer.headers))


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds; the form with a date is not used by the apps we call."""
    value = headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def _told(title: str, error: ExchangeFailed) -> IntegrationFailed:
    """A request that never left cannot have acted."""
    if error.reason in ("host_unknown", "unreachable", "address_refused"):
        return IntegrationFailed(f"{title} could not be reached")
    return Uncertain(f"{title} gave no usable answer, so whether it was done is unknown; do not repeat it unasked")
