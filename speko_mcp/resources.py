"""What a client may attach to a conversation by address: agents, conversations, pages, the shape of a session.

Each is read by the operation that the tool of the same thing runs, so scopes, organizations and surfaces are the same.
"""

import json
import weakref
from collections.abc import Awaitable, Callable

from fastmcp import FastMCP
from fastmcp.exceptions import NotFoundError, ResourceError
from fastmcp.resources import Resource, ResourceTemplate

from speko_core.deps import Deps
from speko_core.errors import NotFound, SpekoError
from speko_core.execute import execute
from speko_core.registry import by_id
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.types import JsonObject, JsonValue
from speko_mcp.binding import NOTICE
from speko_mcp.ceiling import fit
from speko_mcp.identity import current_caller, current_surface

SESSION_SCHEMA = "speko://schemas/session-config"
JSON, MARKDOWN, SCHEMA = "application/json", "text/markdown", "application/schema+json"


class Reader:
    """Runs read operations for whoever reads a resource, as long as the process holds its ports.

    FastMCP keeps every function it has looked at for good, which must not keep the databases of past servers with it.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = weakref.ref(deps)

    async def read(self, operation_id: str, fields: dict[str, object]) -> JsonValue:
        """What the operation answers.

        Raises:
            NotFoundError: no such thing for this caller, or the connection leaves its toolset out.
            ResourceError: refused, in our words.
        """
        operation = by_id(operation_id)
        try:
            if (deps := self._deps()) is None:
                raise ResourceError("The server is closing.")
            if operation.tool and (refusal := current_surface().refusal(operation, operation.tool)):
                raise NotFoundError(refusal)
            return (await execute(operation, fields, current_caller(), deps)).value
        except NotFound:
            raise NotFoundError("There is no such resource.") from None
        except SpekoError as error:
            raise ResourceError(error.message) from None

    async def agent(self, id: str) -> str:
        """The agent's settings."""
        return _text(await self.read("agents.get", {"id": id}))

    async def call(self, id: str) -> str:
        """The session with what was said, marked as words of others."""
        session = await self.read("sessions.get", {"id": id})
        transcript = await self.read("sessions.transcript", {"id": id})
        return _text({"notice": NOTICE, "session": session, "transcript": transcript})

    async def page(self, page: str) -> str:
        """The page as Markdown."""
        value = await self.read("docs.page", {"page": page})
        return str(value["markdown"]) if isinstance(value, dict) else ""

    async def session_schema(self) -> str:
        """The JSON Schema of `POST /v1/sessions`."""
        return json.dumps(SessionCreate.model_json_schema(by_alias=True), indent=2)


def add_resources(server: FastMCP[None], deps: Deps) -> None:
    """Give the server its resources."""
    reader = Reader(deps)
    server.add_resource(
        Resource.from_function(
            reader.session_schema,
            SESSION_SCHEMA,
            name="session-config",
            title="Session configuration",
            description="JSON Schema of everything that create_session takes.",
            mime_type=SCHEMA,
        )
    )
    _add(server, reader.agent, "speko://agents/{id}", "Agent", "One agent with its settings.", JSON)
    _add(server, reader.call, "speko://calls/{id}", "Call", "One session: how it ran and what was said.", JSON)
    _add(server, reader.page, "speko://docs/{page}", "Docs page", "One page of the documentation.", MARKDOWN)


def _add(
    server: FastMCP[None], read: Callable[..., Awaitable[str]], uri: str, title: str, description: str, mime_type: str
) -> None:
    name = uri.removeprefix("speko://").partition("/")[0]
    server.add_template(
        ResourceTemplate.from_function(read, uri, name=name, title=title, description=description, mime_type=mime_type)
    )


def _text(value: JsonValue) -> str:
    whole: JsonObject = value if isinstance(value, dict) else {"value": value}
    return json.dumps(fit(whole), ensure_ascii=False, indent=2)
