"""Slack's OAuth v2 and the methods that the actions use: errors come with status 200 and `ok: false`.

Shapes: https://docs.slack.dev/reference/methods/oauth.v2.access, chat.postMessage, auth.revoke, and
https://docs.slack.dev/authentication/using-token-rotation, read 2026-11-21.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.apps.oauth import CLIENT_ID, CLIENT_SECRET, AuthorizationServer, Grant, basic_of
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.behaviour import Trouble

CHANNELS = {"C0123456789": "C0123456789", "#support": "C0123456789"}
TEAM = {"id": "T0123456789", "name": "Acme"}


class FakeSlack(FakeVendor):
    """One workspace with one channel the bot is in. With `rotates`, tokens end and refresh tokens are good once."""

    vendor = "slack"

    def __init__(self) -> None:
        super().__init__()
        self.oauth = AuthorizationServer("xoxb")
        self.rotates = False
        self.lifetime_s = 43_200
        self.dead_word = "invalid_auth"
        self.messages: list[dict[str, Any]] = []

    def routes(self) -> Sequence[BaseRoute]:
        """The consent page and the methods."""
        return [
            Route("/oauth/v2/authorize", self._authorize),
            Route("/api/oauth.v2.access", self._access, methods=["POST"]),
            Route("/api/chat.postMessage", self._post_message, methods=["POST"]),
            Route("/api/auth.revoke", self._revoke, methods=["POST"]),
        ]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        """A limit is the one error that also has a status."""
        return {"ok": False, "error": code or ("ratelimited" if status == 429 else "internal_error")}

    async def _authorize(self, request: Request) -> Response:
        await self.record(request)
        # Enabling PKCE would make the app a public client.
        assert "code_challenge" not in request.query_params
        return self.oauth.authorize(request)

    async def _access(self, request: Request) -> Response:
        await self.record(request)
        form = await request.form()
        if basic_of(request) != (CLIENT_ID, CLIENT_SECRET):
            return self._no("bad_client_secret")
        if form.get("grant_type") == "refresh_token":
            self.oauth.refreshes += 1
            grant = self.oauth.of_refresh(str(form["refresh_token"]))
            return self._no("invalid_refresh_token") if grant is None else self._granted(grant, request)
        grant = self.oauth.redeem(str(form["code"]), str(form["redirect_uri"]), None)
        return self._no("invalid_code") if grant is None else self._granted(grant, request)

    def _granted(self, grant: Grant, request: Request) -> Response:
        answer: dict[str, object] = {
            "ok": True,
            "access_token": self.oauth.issue(grant),
            "token_type": "bot",
            "scope": grant.scope,
            "bot_user_id": "U0BOT",
            "app_id": "A0123456789",
            "team": TEAM,
            "enterprise": None,
            "authed_user": {"id": "U0PERSON"},
        }
        if self.rotates:
            answer |= {"refresh_token": self.oauth.issue_refresh(grant), "expires_in": self.lifetime_s}
        return self._answer(answer, request)

    async def _post_message(self, request: Request) -> Response:
        seen = await self.record(request)
        if self.oauth.of_access(request.headers.get("authorization")) is None:
            return self._no(self.dead_word)
        # The vendor's own client sends forms, ours JSON; both are documented.
        sent: dict[str, Any] = dict(await request.form()) if "form" in seen.headers["content-type"] else dict(seen.json)
        if sent.get("channel") not in CHANNELS:
            return self._no("channel_not_found")
        if not sent.get("text"):
            return self._no("no_text")
        behaviour = self._next[0] if self._next else self.always
        ts = f"1700000000.{len(self.messages):06d}"
        if behaviour.trouble is not Trouble.REFUSED:
            self.messages.append(sent)
        channel = CHANNELS[str(sent["channel"])]
        message = {"type": "message", "text": sent["text"], "ts": ts, "user": "U0BOT"}
        return self._answer({"ok": True, "channel": channel, "ts": ts, "message": message}, request)

    async def _revoke(self, request: Request) -> Response:
        await self.record(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return (
            self._answer({"ok": True, "revoked": True}, request)
            if self.oauth.revoke(token)
            else self._no("invalid_auth")
        )

    def _no(self, error: str) -> Response:
        return JSONResponse({"ok": False, "error": error})

    def _answer(self, body: object, request: Request) -> Response:
        return self.play(request, Played([orjson.dumps(body)], "application/json"))
