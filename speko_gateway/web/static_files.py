"""The stylesheets and modules of the pages, and the browser client that any page may import."""

import os
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from speko_gateway.web.render import FOLDER

LIBRARY = "livekit-client.js"


class Assets(StaticFiles):
    """Static files that browsers keep but ask about: an upgrade must not mix old and new modules."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, its validator, and the order to revalidate."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class ClientModule(Assets):
    """The browser client: any origin may import it, and beside it lies LiveKit's library where it is installed."""

    def __init__(self, library: Path) -> None:
        super().__init__(directory=FOLDER / "client")
        self._library = library

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file of a path; the library is elsewhere, because it is not ours to ship."""
        if path != LIBRARY:
            return super().lookup_path(path)
        return (str(self._library), self._library.stat()) if self._library.is_file() else ("", None)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, readable from everywhere."""
        response = await super().get_response(path, scope)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if path.endswith(".ts"):  # elsewhere the ending of films
            response.headers["Content-Type"] = "application/typescript; charset=utf-8"
        return response


def assets_mount() -> Mount:
    """The route of everything under `/static`."""
    return Mount("/static", Assets(directory=FOLDER / "static"), name="static")


def client_mount(library: Path) -> Mount:
    """The route of `/client/speko-client.js` and its parts; `library` is where LiveKit's library would be."""
    return Mount("/client", ClientModule(library), name="client")
