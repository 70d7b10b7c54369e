"""Google Calendar as an app: what it asks people for, and which actions tools may use."""

from speko_core.integrations import google_api as google
from speko_core.integrations.app import ActionSpec, App, OAuthClient
from speko_core.integrations.google_events import TITLE, cancel_event, create_event, free_busy, move_event
from speko_core.settings import Settings
from speko_core.types import JsonObject

SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
TIME = "Local date and time such as 2026-03-14T15:00:00, or with an offset such as 2026-03-14T15:00:00+01:00."
_TIME_ZONE: JsonObject = {
    "type": "string",
    "maxLength": 64,
    "description": "IANA time zone of the times, such as Europe/Berlin. The calendar's own where it is left out.",
}
_EVENT_TITLE: JsonObject = {"type": "string", "minLength": 1, "maxLength": 500}
_EVENT_ID: JsonObject = {"type": "string", "minLength": 5, "maxLength": 1024, "description": "Id of the event."}
_CALENDAR: JsonObject = {"calendarId": {"type": "string", "minLength": 1, "maxLength": 255}}
_NOTIFY: JsonObject = {
    "notify": {"type": "boolean", "description": "Whether Google writes to the guests; true where it is left out."},
}


def _time(what: str) -> JsonObject:
    return {"type": "string", "maxLength": 40, "description": f"{what} {TIME}"}


def _oauth(settings: Settings) -> OAuthClient | None:
    return google.oauth_client(settings, SCOPES)


def _api_url(settings: Settings) -> str:
    return google.url(settings, "www.googleapis.com", "/calendar/v3")


FREE_BUSY = ActionSpec(
    key="free_busy",
    title="See when the calendar is busy",
    description="The busy spans of the calendar between two times.",
    effect="read",
    parameters={
        "start": _time("From when."),
        "end": _time("Until when, at most 31 days later."),
        "timeZone": _TIME_ZONE,
    },
    required=("start", "end"),
    settings={**_CALENDAR, "timeZone": _TIME_ZONE},
    run=free_busy,
    knows_repeats=True,
)
CREATE_EVENT = ActionSpec(
    key="create_event",
    title="Create an event",
    description="Books an event and answers its id.",
    effect="write",
    parameters={
        "title": _EVENT_TITLE,
        "start": _time("When it starts."),
        "end": _time("When it ends."),
        "timeZone": _TIME_ZONE,
        "description": {"type": "string", "maxLength": 4_000},
        "attendees": {
            "type": "array",
            "maxItems": 10,
            "items": {"type": "string", "maxLength": 254, "pattern": r"^[^@\s]+@[^@\s]+$"},
            "description": "E-mail addresses of guests.",
        },
    },
    required=("title", "start", "end"),
    settings={**_CALENDAR, "timeZone": _TIME_ZONE, "title": _EVENT_TITLE, **_NOTIFY},
    run=create_event,
    knows_repeats=True,
)
MOVE_EVENT = ActionSpec(
    key="move_event",
    title="Move an event",
    description="Gives an event another time; without an end it keeps its length.",
    effect="write",
    parameters={
        "eventId": _EVENT_ID,
        "start": _time("When it starts now."),
        "end": _time("When it ends now."),
        "timeZone": _TIME_ZONE,
    },
    required=("eventId", "start"),
    settings={**_CALENDAR, "timeZone": _TIME_ZONE, **_NOTIFY},
    run=move_event,
    knows_repeats=True,
)
CANCEL_EVENT = ActionSpec(
    key="cancel_event",
    title="Cancel an event",
    description="Cancels an event.",
    effect="destroy",
    parameters={"eventId": _EVENT_ID},
    required=("eventId",),
    settings={**_CALENDAR, **_NOTIFY},
    run=cancel_event,
    knows_repeats=True,
)
GOOGLE_CALENDAR = App(
    key="google_calendar",
    title=TITLE,
    description="Looks up when a calendar is free, and books, moves and cancels events in it.",
    oauth=_oauth,
    api_url=_api_url,
    judge=google.judge,
    account=google.account,
    revoke=google.revoke,
    actions=(FREE_BUSY, CREATE_EVENT, MOVE_EVENT, CANCEL_EVENT),
)
