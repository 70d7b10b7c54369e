"""Requests and answers about integrations. No answer ever holds a token."""

from typing import Literal

from pydantic import Field

from speko_core.schemas import Input, Output, WireTime
from speko_core.types import JsonObject

Status = Literal["connected", "expired", "revoked"]


class AppRef(Input):
    """Names an app."""

    app: str = Field(max_length=80, description="Key of an app, such as `google_calendar`.")


class InstallationRef(Input):
    """Names one installation."""

    id: str = Field(max_length=80, description="Installation id, prefixed `inst_`.")


class InstallationList(Input):
    """A page of the installations, newest first."""

    cursor: str | None = Field(None, max_length=200, description="`nextCursor` of the previous page.")
    limit: int = Field(20, ge=1, le=100)
    app: str | None = Field(None, max_length=80, description="Only those of this app.")
    status: Status | None = Field(None, description="Only those with this status.")


class Return(Input):
    """What the browser brings back from the app: a code, or why there is none."""

    state: str = Field(max_length=200)
    code: str | None = Field(None, max_length=4096, repr=False)
    error: str | None = Field(None, max_length=200)


class ActionRow(Output):
    """An action that tools may use, as `source.actionKey`."""

    key: str
    title: str
    description: str
    effect: Literal["read", "write", "destroy"]
    parameters: JsonObject = Field(description="JSON Schema of what a model fills.")
    config_schema: JsonObject = Field(description="JSON Schema of what `source.config` may fix.")


class AppRow(Output):
    """An app that may be connected."""

    key: str
    title: str
    description: str
    configured: bool = Field(description="The operator registered a client at the app, so that it can be connected.")
    actions: list[ActionRow]


class AppRows(Output):
    """Every app of this version."""

    apps: list[AppRow]


class ConnectUrl(Output):
    """Where to send the person's browser, signed in to the dashboard."""

    url: str
    expires_at: WireTime


class InstallationRow(Output):
    """One connected account. Tools name it as `source.installationId`."""

    id: str = Field(description="Installation id, prefixed `inst_`.")
    app_key: str
    account_label: str = Field(description="The account's name at the app, such as an e-mail address.")
    scopes: list[str]
    status: Status = Field(description="Only `connected` works; `expired` and `revoked` have to be connected again.")
    connected_by: str | None = Field(description="Id of the person who connected it.")
    connected_at: WireTime
    ended_at: WireTime | None


class InstallationPage(Output):
    """Newest first; `nextCursor` is null on the last page."""

    installations: list[InstallationRow]
    next_cursor: str | None
