"""What the actions of Google Calendar do: when somebody is free, and booking, moving and cancelling events.

Wire facts: https://developers.google.com/workspace/calendar/api/v3/reference (events, freebusy), read 2026-11-21. An
event may be inserted under an id of ours, of the letters a-v and digits, 5 to 1024 long; the same id again is a 409. So
an insert that is repeated acts once. A deleted event answers 410 to another deletion.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote
from zoneinfo import ZoneInfo

from speko_core.integrations.api import Reply
from speko_core.integrations.app import ActionCall
from speko_core.integrations.times import moment, span, zone
from speko_core.ports.integrations import IntegrationFailed
from speko_core.types import JsonObject, JsonValue

TITLE = "Google Calendar"


async def free_busy(call: ActionCall) -> JsonValue:
    """The busy spans between two times; what is not busy is free."""
    local = await _zone(call)
    start, end = _span(call, local)
    body: JsonObject = {
        "timeMin": start.isoformat(),
        "timeMax": end.isoformat(),
        "timeZone": local.key,
        "items": [{"id": _calendar(call)}],
    }
    reply = _done(await call.api.send("POST", "/freeBusy", body=body))
    calendars = reply.body.get("calendars")
    found = calendars.get(_calendar(call)) if isinstance(calendars, dict) else None
    if not isinstance(found, dict) or found.get("errors"):
        raise IntegrationFailed("the calendar was not found, or may not be read")
    return {"timeZone": local.key, "busy": found.get("busy") or []}


async def create_event(call: ActionCall) -> JsonValue:
    """Book an event. Its id comes from the call's key, so that a repetition finds it."""
    local = await _zone(call)
    start, end = _span(call, local)
    event_id = f"speko{sha256(call.key.encode()).hexdigest()}"
    body: JsonObject = {
        "id": event_id,
        "summary": str(call.values["title"]),
        "start": {"dateTime": start.isoformat(), "timeZone": local.key},
        "end": {"dateTime": end.isoformat(), "timeZone": local.key},
    }
    if call.text("description"):
        body["description"] = call.text("description")
    guests = call.values.get("attendees")
    if isinstance(guests, list) and guests:
        body["attendees"] = [{"email": guest} for guest in guests]
    reply = await call.api.send("POST", _events(call), body=body, query=_notify(call))
    if reply.status == 409:
        reply = await call.api.send("GET", _event(call, event_id))
    return _shown(_done(reply), local)


async def move_event(call: ActionCall) -> JsonValue:
    """Give an event another time; without an end it keeps its length."""
    local, event_id = await _zone(call), str(call.values["eventId"])
    start = moment("start", str(call.values["start"]), local)
    if call.text("end"):
        end = moment("end", str(call.values["end"]), local)
    else:
        before = _done(await call.api.send("GET", _event(call, event_id)))
        end = (start.astimezone(UTC) + _length(before, local)).astimezone(local)
    start, end = span(start, end)
    body: JsonObject = {
        "start": {"dateTime": start.isoformat(), "timeZone": local.key},
        "end": {"dateTime": end.isoformat(), "timeZone": local.key},
    }
    moved = await call.api.send("PATCH", _event(call, event_id), body=body, query=_notify(call))
    return _shown(_done(moved), local)


async def cancel_event(call: ActionCall) -> JsonValue:
    """Cancel an event; one that is cancelled already stays so."""
    event_id = str(call.values["eventId"])
    reply = await call.api.send("DELETE", _event(call, event_id), query=_notify(call))
    if reply.status != 410:
        _done(reply)
    return {"eventId": event_id, "status": "cancelled"}


def _calendar(call: ActionCall) -> str:
    return call.text("calendarId") or "primary"


def _events(call: ActionCall) -> str:
    return f"/calendars/{quote(_calendar(call), safe='')}/events"


def _event(call: ActionCall, event_id: str) -> str:
    return f"{_events(call)}/{quote(event_id, safe='')}"


def _notify(call: ActionCall) -> dict[str, str]:
    return {"sendUpdates": "none" if call.values.get("notify") is False else "all"}


async def _zone(call: ActionCall) -> ZoneInfo:
    """The zone that was named, else the calendar's own."""
    named = call.text("timeZone")
    if named is None:
        reply = _done(await call.api.send("GET", _events(call), query={"maxResults": "1", "fields": "timeZone"}))
        named = str(reply.body.get("timeZone") or "UTC")
    return zone(named)


def _span(call: ActionCall, local: ZoneInfo) -> tuple[datetime, datetime]:
    first, last = (moment(name, str(call.values[name]), local) for name in ("start", "end"))
    return span(first, last)


def _length(event: Reply, local: ZoneInfo) -> timedelta:
    start, end = (event.body.get(name) for name in ("start", "end"))
    times = [side.get("dateTime") for side in (start, end) if isinstance(side, dict)]
    if len(times) != 2 or not all(isinstance(time, str) for time in times):
        raise IntegrationFailed("the event takes whole days; say when it ends")
    first, last = (moment("event", str(time), local).astimezone(UTC) for time in times)
    return last - first


def _done(reply: Reply) -> Reply:
    """A good answer.

    Raises:
        IntegrationFailed: the calendar refused, in words for the model.
    """
    if reply.ok:
        return reply
    if reply.status in (404, 410):
        raise IntegrationFailed("the calendar or the event was not found")
    if reply.status == 403:
        raise IntegrationFailed("the connected account may not do that in this calendar")
    raise IntegrationFailed(f"{TITLE} refused the request with HTTP status {reply.status}")


def _shown(reply: Reply, local: ZoneInfo) -> JsonObject:
    """What a model needs of an event: its own words and other people's addresses stay at Google."""
    shown: JsonObject = {"eventId": reply.body.get("id"), "title": reply.body.get("summary"), "timeZone": local.key}
    for name in ("start", "end"):
        side = reply.body.get(name)
        time = side.get("dateTime") if isinstance(side, dict) else None
        if isinstance(time, str):
            shown[name] = moment(name, time, local).isoformat()
    return {**shown, "status": reply.body.get("status"), "link": reply.body.get("htmlLink")}
