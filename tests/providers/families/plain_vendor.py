"""A vendor with one path that answers text, for tests of what all vendors share."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.types import JsonObject
from tests.fakes.vendors.base import FakeVendor, Played


class PlainVendor(FakeVendor):
    """Answers `one two three` in pieces, with a cookie."""

    vendor = "plain"

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/speak", self._speak, methods=["POST"]), Route("/moved", self._moved, methods=["POST"])]

    def error_body(self, status: int, code: str | None, message: str) -> JsonObject:
        return {"error": {"message": message, "code": code}}

    async def _speak(self, request: Request) -> Response:
        await self.record(request)
        return self.play(request, Played([b"one ", b"two ", b"three"], "text/plain", headers={"set-cookie": "who=me"}))

    async def _moved(self, request: Request) -> Response:
        await self.record(request)
        return Response(status_code=307, headers={"location": f"{self.url}/speak"})
