"""The start page: what there is, what happened last, and how to connect."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from speko_core.accounts.operations import KEYS_LIST
from speko_core.agents import operations as agents
from speko_core.deps import Deps
from speko_core.sessions import operations as sessions
from speko_gateway.web.site import Visit, as_object, as_rows, page

RECENT = 8


def routes(deps: Deps) -> list[BaseRoute]:
    """`/`."""
    return [page(deps, "/", _show)]


async def _show(visit: Visit) -> Response:
    all_agents = as_rows(await visit.run(agents.LIST))
    recent = as_rows(as_object(await visit.run(sessions.LIST, {"limit": RECENT}))["entries"])
    live = as_rows(as_object(await visit.run(sessions.LIST, {"status": "active", "limit": 100}))["entries"])
    context = {
        "agents": all_agents,
        "sessions": recent,
        "live_count": len(live),
        "key_count": await _active_keys(visit),
        "mcp_url": f"{visit.deps.settings.base_url}/mcp",
    }
    return await visit.show("overview.html", context)


async def _active_keys(visit: Visit) -> int | None:
    """The number of usable keys, or None for people who may not see keys."""
    if not visit.browser.principal.may(KEYS_LIST.scope):
        return None
    keys = as_rows(as_object(await visit.run(KEYS_LIST))["keys"])
    return sum(1 for key in keys if key["revokedAt"] is None)
