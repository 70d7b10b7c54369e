"""Servers that customers of other platforms run behind their tools, each written to its platform's documented format.

They refuse with 422 what their platform would never send, and keep what they read, so that a test sees both sides.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from speko_core.types import JsonObject, JsonValue


class Unexpected(Exception):
    """A request the platform would not make."""


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise Unexpected
    return value


def _text(value: JsonValue) -> str:
    if not isinstance(value, str) or not value:
        raise Unexpected
    return value


@dataclass
class ToolServers:
    """Every platform's server on one port; `seen` is what each of them took the arguments to be."""

    seen: list[tuple[str, JsonObject]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        """The servers, by path."""
        return Starlette(
            routes=[
                self._route("/vapi/{rest:path}", "POST", self._vapi),
                self._route("/retell/{rest:path}", "POST", self._retell),
                self._route("/elevenlabs/works/{title:path}", "GET", self._elevenlabs),
                self._route("/bland/{rest:path}", "GET", self._bland),
                self._route("/bolna/{rest:path}", "GET", self._bolna),
                self._route("/ultravox/{rest:path}", "POST", self._ultravox),
                self._route("/deepgram/{rest:path}", "POST", self._deepgram),
                self._route("/telnyx/{rest:path}", "GET", self._telnyx),
            ]
        )

    def _route(self, path: str, method: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
        async def guarded(request: Request) -> Response:
            self.headers.append(dict(request.headers))
            try:
                return await answer(request)
            except (Unexpected, json.JSONDecodeError, KeyError):
                return PlainTextResponse("not what the platform sends", 422)

        return Route(path, guarded, methods=[method])

    async def _vapi(self, request: Request) -> Response:
        """Server message `tool-calls`: every call of `toolCallList` is answered in `results` by its id."""
        message = _object(_object(await request.json())["message"])
        calls = message["toolCallList"]
        if message["type"] != "tool-calls" or not isinstance(calls, list) or not calls:
            raise Unexpected
        results: list[JsonValue] = []
        for call in map(_object, calls):
            name, arguments = _text(call["name"]), _object(call["arguments"])
            self.seen.append((name, arguments))
            results.append({"toolCallId": _text(call["id"]), "result": f"two boats on {arguments['day']}"})
        return JSONResponse({"results": results})

    async def _retell(self, request: Request) -> Response:
        """Custom function: `name`, `args` and the call; fixed parameters in the query; any text is an answer."""
        body = _object(await request.json())
        _text(_object(body["call"])["call_id"])
        if request.query_params.get("branch") != "nord":
            raise Unexpected
        arguments = _object(body["args"])
        self.seen.append((_text(body["name"]), arguments))
        return PlainTextResponse(f"10 Uhr am {arguments['day']}")

    async def _elevenlabs(self, request: Request) -> Response:
        """Server tool: path parameters in the path, query parameters in the query, no body."""
        if await request.body() or request.query_params.get("lang") != "en":
            raise Unexpected
        self.seen.append(("find_work", {"title": _text(request.path_params["title"])}))
        return JSONResponse({"room": 7})

    async def _bland(self, request: Request) -> Response:
        """Custom tool: the query template filled with `{{input.…}}`."""
        flower = _text(request.query_params.get("flower"))
        self.seen.append(("check_stock", {"flower": flower}))
        return JSONResponse({"stock": f"12 of {flower}"})

    async def _bolna(self, request: Request) -> Response:
        """Custom task with GET: `param` filled with `%(…)s`, as the query."""
        station = _text(request.query_params.get("s"))
        self.seen.append(("next_train", {"station": station}))
        return JSONResponse({"next": f"{station} 10:04"})

    async def _ultravox(self, request: Request) -> Response:
        """HTTP tool: dynamic body parameters at the root of the body, static query parameters in the query."""
        body = _object(await request.json())
        if request.query_params.get("unit") != "metric" or set(body) != {"day"}:
            raise Unexpected
        self.seen.append(("forecast", body))
        return JSONResponse({"sky": f"clear {body['day']}"})

    async def _deepgram(self, request: Request) -> Response:
        """Function with an endpoint: the arguments are the body."""
        body = _object(await request.json())
        self.seen.append(("lookup_case", body))
        return JSONResponse({"case": f"no {body['number']} is open"})

    async def _telnyx(self, request: Request) -> Response:
        """Webhook tool with query parameters."""
        day = _text(request.query_params.get("day"))
        self.seen.append(("find_class", {"day": day}))
        return JSONResponse({"class": f"yoga on {day}"})
