"""Picking an agent and starting a conversation with it."""

import secrets as random
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.agents import operations as agents
from speko_core.deps import Deps
from speko_core.sessions import operations as sessions
from speko_core.types import JsonObject
from speko_gateway.web.site import Visit, as_object, as_rows, form, page

OFFLINE = "local"


def routes(deps: Deps) -> list[BaseRoute]:
    """`/talk`: the picker and its form."""
    return [page(deps, "/talk", _show), form(deps, "/talk", _start)]


async def _show(visit: Visit) -> Response:
    context = {
        "agents": as_rows(await visit.run(agents.LIST)),
        "chosen": visit.request.query_params.get("agent", ""),
        "once": random.token_urlsafe(18),
    }
    return await visit.show("talk.html", context)


async def _start(visit: Visit, fields: FormData) -> Response:
    """Create the session like any other client, and hand the token on in the fragment only."""
    wanted = {"agentId": fields.get("agent"), "mode": fields.get("mode") or "cascade"}
    session = as_object(await visit.run(sessions.CREATE, wanted, once=str(fields.get("once"))))
    if "talkUrl" in session:
        link = urlsplit(str(session["talkUrl"]))
        # Only path and fragment: the person stays on the host they are signed in at.
        return RedirectResponse(f"{link.path}#{link.fragment}", 303)
    agent = as_object(await visit.run(agents.GET, {"id": wanted["agentId"]}))
    return RedirectResponse(f"/talk/{session['sessionId']}#{_realtime_fragment(session, agent)}", 303)


def _realtime_fragment(session: JsonObject, agent: JsonObject) -> str:
    """What the talk page needs to know of a speech-to-speech session: its socket tells neither name nor provider."""
    told = {"mode": "s2s", "agent": agent["name"], "token": session["wsToken"], "url": session["wsUrl"]}
    return urlencode({**told, "sandbox": 1} if session["provider"] == OFFLINE else told)
