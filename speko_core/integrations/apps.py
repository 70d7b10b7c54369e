"""Every app, explicitly. Adding one is a file with its declaration, and a line here."""

from speko_core.integrations.app import ActionSpec, App
from speko_core.integrations.google_calendar import GOOGLE_CALENDAR
from speko_core.integrations.slack import SLACK
from speko_core.types import JsonObject

APPS: tuple[App, ...] = (GOOGLE_CALENDAR, SLACK)


def app_of(key: str) -> App | None:
    """The app with this key."""
    return next((app for app in APPS if app.key == key), None)


def action_of(app_key: str, action_key: str) -> ActionSpec | None:
    """The action with these keys."""
    app = app_of(app_key)
    return app.action(action_key) if app else None


def model_parameters(app_key: str, action_key: str, config: JsonObject | None, given: JsonObject) -> JsonObject:
    """The parameters a tool shows to models: those it was registered with, or where they are empty the action's own."""
    action = None if given.get("properties") else action_of(app_key, action_key)
    return action.schema(config) if action else given
