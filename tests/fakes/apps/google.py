"""Google's OAuth endpoints and the part of Calendar v3 that the actions use.

Shapes of answers and errors: https://developers.google.com/workspace/calendar/api/v3/reference and
https://developers.google.com/workspace/calendar/api/guides/errors, read 2026-11-21.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.apps.oauth import CLIENT_ID, CLIENT_SECRET, AuthorizationServer, Grant
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.behaviour import Trouble

ZONE = "Europe/Berlin"
EMAIL = "desk@example.com"
REASONS = {
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "duplicate",
    410: "deleted",
    429: "rateLimitExceeded",
}
_ID = re.compile(r"[a-v0-9]{5,1024}")


class FakeGoogle(FakeVendor):
    """One account with one calendar, in Berlin. Access tokens last `lifetime_s`."""

    vendor = "google"

    def __init__(self) -> None:
        super().__init__()
        self.oauth = AuthorizationServer("google")
        self.lifetime_s = 3600
        # Permissions that the person leaves out.
        self.unchecked: set[str] = set()
        self.subject, self.email = "1080", EMAIL
        self.events: dict[str, dict[str, Any]] = {}
        self.inserts = 0

    def routes(self) -> Sequence[BaseRoute]:
        """The paths of the four hosts, which never clash."""
        events = "/calendar/v3/calendars/{calendar}/events"
        return [
            Route("/o/oauth2/v2/auth", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/revoke", self._revoke, methods=["POST"]),
            Route("/v1/userinfo", self._userinfo),
            Route("/calendar/v3/freeBusy", self._free_busy, methods=["POST"]),
            Route(events, self._calendar, methods=["GET", "POST"]),
            Route(events + "/{id}", self._event, methods=["GET", "PATCH", "DELETE"]),
        ]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        """`error.errors[].reason` says what happened."""
        reason = code or REASONS.get(status, "backendError")
        return {
            "error": {
                "errors": [{"domain": "global", "reason": reason, "message": message}],
                "code": status,
                "message": message,
            }
        }

    def at(self, title: str) -> dict[str, Any]:
        """The event with this title."""
        (found,) = [event for event in self.events.values() if event["summary"] == title]
        return found

    async def _authorize(self, request: Request) -> Response:
        await self.record(request)
        query = request.query_params
        assert (query["access_type"], query["prompt"], query["code_challenge_method"]) == ("offline", "consent", "S256")
        return self.oauth.authorize(request)

    async def _token(self, request: Request) -> Response:
        await self.record(request)
        form = await request.form()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client", "error_description": "Unauthorized"}, 401)
        if form["grant_type"] == "refresh_token":
            self.oauth.refreshes += 1
            grant = self.oauth.of_refresh(str(form["refresh_token"]))
            if grant is None:
                told = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
                return JSONResponse(told, 400)
            return self._answer(self._granted(grant), request)
        grant = self.oauth.redeem(str(form["code"]), str(form["redirect_uri"]), str(form.get("code_verifier")))
        if grant is None:
            return JSONResponse({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        return self._answer({**self._granted(grant), "refresh_token": self.oauth.issue_refresh(grant)}, request)

    def _granted(self, grant: Grant) -> dict[str, Any]:
        token, email = self.oauth.issue(grant), "https://www.googleapis.com/auth/userinfo.email"
        asked = (email if name == "email" else name for name in grant.scope.split())
        scope = " ".join(name for name in asked if name not in self.unchecked)
        return {"access_token": token, "expires_in": self.lifetime_s, "scope": scope, "token_type": "Bearer"}

    async def _revoke(self, request: Request) -> Response:
        await self.record(request)
        found = self.oauth.revoke(str((await request.form())["token"]))
        return JSONResponse({}) if found else JSONResponse({"error": "invalid_token"}, 400)

    async def _userinfo(self, request: Request) -> Response:
        await self.record(request)
        if self.oauth.of_access(request.headers.get("authorization")) is None:
            return self.error(401)
        return JSONResponse({"sub": self.subject, "email": self.email, "email_verified": True})

    async def _free_busy(self, request: Request) -> Response:
        asked: dict[str, Any] = dict((await self.record(request)).json)
        if self.oauth.of_access(request.headers.get("authorization")) is None:
            return self.error(401)
        unknown = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
        calendars = {
            item["id"]: {"busy": self._busy(asked)} if item["id"] == "primary" else unknown for item in asked["items"]
        }
        answer = {"kind": "calendar#freeBusy", "timeMin": asked["timeMin"], "timeMax": asked["timeMax"]}
        return self._answer({**answer, "calendars": calendars}, request)

    def _busy(self, asked: dict[str, Any]) -> list[dict[str, str]]:
        """The spans that touch the time asked for, in the zone asked for."""
        zone, first, last = ZoneInfo(asked["timeZone"]), _instant(asked["timeMin"]), _instant(asked["timeMax"])
        spans = sorted(
            (_instant(event["start"]["dateTime"]), _instant(event["end"]["dateTime"]))
            for event in self.events.values()
            if event["status"] != "cancelled"
        )
        return [
            {"start": begin.astimezone(zone).isoformat(), "end": end.astimezone(zone).isoformat()}
            for begin, end in spans
            if begin < last and end > first
        ]

    async def _calendar(self, request: Request) -> Response:
        seen = await self.record(request)
        if self.oauth.of_access(request.headers.get("authorization")) is None:
            return self.error(401)
        if request.path_params["calendar"] != "primary":
            return self.error(404)
        if request.method == "GET":
            return self._answer({"timeZone": ZONE}, request)
        behaviour = self.behave()
        if behaviour.trouble is Trouble.REFUSED:
            return self.error(behaviour.status, behaviour.code, "You said: secret prompt", behaviour.headers)
        refused = self._insert(dict(seen.json))
        if refused is not None:
            return refused
        # An answer that is lost after the event was made is what repetitions are about.
        self._next.appendleft(behaviour)
        return self._answer(self.events[str(seen.json["id"])], request)

    def _insert(self, event: dict[str, Any]) -> Response | None:
        if not _ID.fullmatch(event["id"]) or _instant(event["end"]["dateTime"]) <= _instant(event["start"]["dateTime"]):
            return self.error(400, "invalid")
        if event["id"] in self.events:
            return self.error(409)
        self.inserts += 1
        link = f"https://www.google.com/calendar/event?eid={event['id'][:8]}"
        self.events[event["id"]] = {"kind": "calendar#event", "status": "confirmed", "htmlLink": link, **event}
        return None

    async def _event(self, request: Request) -> Response:
        seen = await self.record(request)
        if self.oauth.of_access(request.headers.get("authorization")) is None:
            return self.error(401)
        event = self.events.get(request.path_params["id"])
        if event is None:
            return self.error(404)
        if request.method == "GET":
            return self._answer(event, request)
        if event["status"] == "cancelled" and request.method == "DELETE":
            return self.error(410)
        if request.method == "DELETE":
            event["status"] = "cancelled"
            return Response(status_code=204)
        event.update(seen.json)
        return self._answer(event, request)

    def _answer(self, body: object, request: Request) -> Response:
        return self.play(request, Played([orjson.dumps(body)], "application/json"))


def _instant(text: object) -> datetime:
    """RFC 3339 with its offset; Google refuses times without."""
    found = datetime.fromisoformat(str(text))
    assert found.tzinfo is not None
    return found.astimezone(UTC)
