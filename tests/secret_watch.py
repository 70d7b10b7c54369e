"""No answer tells a secret: every answer of the suite's in-process servers is searched as it leaves them.

A secret is what a client sends as one (its credential, keys of providers, signing secrets, header values, passwords)
and what an answer shows as one by its prefix. The answer that shows a secret for the first time is the one meant to; a
second one is a leak, as is any that repeats what a client sent. `leaked` fails the test that saw it.
"""

import json
import re
from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Where requests name secrets. Sandboxed models and tools take anything, so only names that are ours count.
GIVEN = frozenset({"apiKey", "signingSecret", "password", "transportToken", "clientSecret", "authToken"})
SHOWN = re.compile(rb"(?:sk_(?:live|test)|spo|spr)_[A-Za-z0-9_-]{32,}|whsec_[A-Za-z0-9+/=]{24,}")
# Repeats on purpose: the same successor to an app whose processes raced, the same answer to a repeated request.
REPEATING = ("/token",)
# Answers of this kind are other people's bytes.
TEXT = (b"application/json", b"text/")
SHORTEST = 12
leaked: list[str] = []


class Watched:
    """An ASGI application whose answers are searched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._given: set[bytes] = set()
        self._shown: set[bytes] = set()

    def __getattr__(self, name: str) -> object:
        return getattr(self._app, name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        self._given |= {bytes(headers.get(b"authorization", b"")).partition(b" ")[2]} - {b""}
        kind, asked, answered = b"", bytearray(), bytearray()

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            if not message.get("more_body", False):
                self._given |= set(given_in(bytes(asked)))
            return message

        async def say(message: Message) -> None:
            nonlocal kind
            kind = dict(message.get("headers", ())).get(b"content-type", kind)
            answered.extend(message.get("body", b"") if kind.startswith(TEXT) else b"")
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._search(scope["path"], bytes(answered), repeats=b"idempotency-key" in headers)
            await send(message)

        await self._app(scope, hear, say)

    def _search(self, path: str, answer: bytes, *, repeats: bool) -> None:
        if any(secret in answer for secret in self._given if len(secret) >= SHORTEST):
            leaked.append(f"{path} repeats what a client sent as a secret")
        shown = set(SHOWN.findall(answer)) - self._given
        if shown & self._shown and not repeats and path not in REPEATING:
            leaked.append(f"{path} shows a secret for the second time")
        self._shown |= shown


def given_in(body: bytes) -> Iterator[bytes]:
    """The secrets in a request."""
    try:
        message = json.loads(body)
    except ValueError:
        return
    yield from _secrets(message)


def _secrets(value: object, secret: bool = False) -> Iterator[bytes]:
    if isinstance(value, str) and secret:
        yield value.encode()
    elif isinstance(value, dict):
        for name, part in value.items():
            hidden = name in GIVEN or (secret and name == "value") or name == "authHeaders"
            yield from _secrets(part, hidden)
    elif isinstance(value, list):
        for part in value:
            yield from _secrets(part, secret)
