"""Conversations: the list, and one of them with its transcript and where the time of each answer went."""

from typing import get_args

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from speko_core.agents import operations as agents
from speko_core.deps import Deps
from speko_core.recordings import operations as recordings
from speko_core.sessions import operations as sessions
from speko_core.sessions.schemas import StatusName
from speko_core.traces import operations as traces
from speko_core.types import JsonObject
from speko_gateway.web.site import Visit, as_object, as_rows, page
from speko_gateway.web.spans import spans_by_turn
from speko_gateway.web.waterfall import waterfall

SECTION = "/sessions"
PAGE_SIZE = 25
STATUSES = get_args(StatusName)
GOING_ON = ("created", "active", "ending")
COMING = ("pending", "uploading")


def routes(deps: Deps) -> list[BaseRoute]:
    """`/sessions`, `/sessions/{id}` and the recording that it plays."""
    return [
        page(deps, "/sessions", _list, SECTION),
        page(deps, "/sessions/{id}", _show, SECTION),
        page(deps, "/sessions/{id}/recording", _recording, SECTION),
    ]


async def _list(visit: Visit) -> Response:
    chosen = {name: visit.request.query_params.get(name, "") for name in ("status", "agent", "cursor")}
    answer = as_object(
        await visit.run(sessions.LIST, {"limit": PAGE_SIZE} | {name: value for name, value in chosen.items() if value})
    )
    context = {
        "sessions": as_rows(answer["entries"]),
        "next_cursor": answer["nextCursor"],
        "agents": as_rows(await visit.run(agents.LIST)),
        "chosen": chosen,
        "statuses": STATUSES,
    }
    return await visit.show("sessions.html", context)


async def _show(visit: Visit) -> Response:
    key = {"id": visit.request.path_params["id"]}
    session = as_object(await visit.run(sessions.GET, key))
    entries = as_rows(as_object(await visit.run(sessions.TRANSCRIPT, key))["entries"])
    spans = spans_by_turn(as_object(await visit.run(traces.GET, key))["spanTree"])
    context = {"session": session, "turns": _with_bars(entries), "spans": spans, "is_live": _may_change(session)}
    return await visit.show("session.html", context)


async def _recording(visit: Visit) -> Response:
    found = as_object(await visit.run(recordings.GET, {"id": visit.request.path_params["id"]}))
    return RedirectResponse(str(found["url"]), 302, {"Cache-Control": "no-store"})


def _may_change(session: JsonObject) -> bool:
    """The call goes on, or its recording is on its way."""
    return session["status"] in GOING_ON or session["recordingStatus"] in COMING


def _with_bars(entries: list[JsonObject]) -> list[dict[str, object]]:
    bars = waterfall(entries)
    return [{"entry": entry, "bar": bar} for entry, bar in zip(entries, bars, strict=True)]
