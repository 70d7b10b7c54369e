"""Integrations as operations."""

from speko_core.integrations import connecting, schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.principal import Toolset
from speko_core.schemas import Nothing

READ, WRITE, TAG = "account:read", "account:write", "Integrations"
TOOLSET: Toolset = "integrations"
NO_INSTALLATION = ErrorCase(404, "NOT_FOUND", "No installation with this id exists in the authenticated organization.")

LIST = Operation(
    id="integrations.list",
    summary="List integrations",
    description="Every app that can be connected, with the actions its tools may use.",
    scope=READ,
    effect="read",
    input=Nothing,
    output=schemas.AppRows,
    run=service.list_apps,
    http=Http("GET", "/v1/integrations", tag=TAG),
    tool=ToolBinding(
        "list_integrations",
        "List integrations",
        "Use to see which apps, such as Google Calendar and Slack, agents can act in, and with which actions. Returns "
        "each app with its actionKeys and what their config may fix.",
        toolset=TOOLSET,
        next_steps=("connect_integration to connect an account", "list_installations for accounts that are connected"),
        listed=False,
    ),
)
CONNECT = Operation(
    id="integrations.connect",
    summary="Connect an integration",
    description="Answers the URL at which a person allows the connection, in a browser that is signed in to the "
    "dashboard of this installation. It is good for ten minutes and one use.",
    scope=WRITE,
    effect="write",
    input=schemas.AppRef,
    output=schemas.ConnectUrl,
    run=connecting.connect,
    errors=(
        ErrorCase(404, "NOT_FOUND", "There is no such app."),
        ErrorCase(409, "APP_NOT_CONFIGURED", "The operator registered no client at the app."),
    ),
    http=Http("POST", "/v1/integrations/{app}/connect", tag=TAG),
    tool=ToolBinding(
        "connect_integration",
        "Connect integration",
        "Use when an agent shall act in an app that is not connected yet. Takes an app key from list_integrations; "
        "returns a url that the person opens in the browser in which they are signed in to the dashboard.",
        toolset=TOOLSET,
        next_steps=("list_installations to see whether it is connected",),
        listed=False,
    ),
)
INSTALLATIONS = Operation(
    id="integrations.installations",
    summary="List installations",
    description="Accounts that were connected, newest first, also those that have to be connected again.",
    scope=READ,
    effect="read",
    input=schemas.InstallationList,
    output=schemas.InstallationPage,
    run=service.list_installations,
    http=Http("GET", "/v1/integrations/installations", tag=TAG),
    tool=ToolBinding(
        "list_installations",
        "List installations",
        "Use to find the installationId a tool of kind integration needs, or why such a tool does not work: only "
        "installations with the status connected do. Pass nextCursor as cursor for older ones.",
        toolset=TOOLSET,
        next_steps=("create_agent_tool with a source of kind integration", "connect_integration to connect one again"),
        untrusted=True,
        listed=False,
    ),
)
DISCONNECT = Operation(
    id="integrations.disconnect",
    summary="Disconnect an integration",
    description="Forgets the tokens and takes them back at the app. The installation stays listed as `revoked`; "
    "connecting the same account again makes its tools work again.",
    scope=WRITE,
    effect="destroy",
    input=schemas.InstallationRef,
    output=schemas.InstallationRow,
    run=service.disconnect,
    errors=(NO_INSTALLATION,),
    http=Http("DELETE", "/v1/integrations/installations/{id}", tag=TAG),
    tool=ToolBinding(
        "disconnect_integration",
        "Disconnect integration",
        "Use only when the person asked to end a connection: tools that use it stop working. Takes an id from "
        "list_installations.",
        toolset=TOOLSET,
        next_steps=("list_installations to see what is left",),
        idempotent=True,
        listed=False,
    ),
)
# Of no door: the page runs it that apps send browsers back to, in the signed-in browser of the person who asked.
COMPLETE = Operation(
    id="integrations.complete",
    summary="Finish connecting an app",
    scope=WRITE,
    effect="write",
    input=schemas.Return,
    output=schemas.InstallationRow,
    run=connecting.check_return,
    conclude=connecting.complete,
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, CONNECT, INSTALLATIONS, DISCONNECT)
