"""One agent: its settings, and the latest conversations with it."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from speko_core.agents import operations as agents
from speko_core.deps import Deps
from speko_core.sessions import operations as sessions
from speko_gateway.web.site import Visit, as_object, as_rows, page

RECENT = 10


def routes(deps: Deps) -> list[BaseRoute]:
    """`/agents/{id}`."""
    return [page(deps, "/agents/{id}", _show, "/")]


async def _show(visit: Visit) -> Response:
    agent = as_object(await visit.run(agents.GET, {"id": visit.request.path_params["id"]}))
    recent = as_object(await visit.run(sessions.LIST, {"agent": agent["id"], "limit": RECENT}))
    return await visit.show("agent.html", {"agent": agent, "sessions": as_rows(recent["entries"])})
