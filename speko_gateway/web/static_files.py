"""The stylesheets and modules of the pages."""

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from speko_gateway.web.render import FOLDER


class Assets(StaticFiles):
    """Static files that browsers keep but ask about: an upgrade must not mix old and new modules."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, its validator, and the order to revalidate."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def assets_mount() -> Mount:
    """The route of everything under `/static`."""
    return Mount("/static", Assets(directory=FOLDER / "static"), name="static")
