"""Requests and answers about MCP servers of agents."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from speko_core.agents.webhook_config import Headers, HeaderValue, SecretHeader, SecretHeaderRow
from speko_core.mcp_servers.models import NAME_LENGTH
from speko_core.schemas import Input, Output, WireTime
from speko_core.types import JsonObject

ServerName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH)]
RemoteName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Selection = Annotated[list[RemoteName], Field(max_length=100)]
Prefix = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,31})?$")]
Timeout = Annotated[int, Field(ge=100, le=30_000)]
_URL = "The server's Streamable HTTP endpoint: https on a public host."
_BEARER = "Sent as `Authorization: Bearer …`; stored sealed and never shown."
_TOOLS = "The server's names of the tools the agent gets; null or absent for all of them."
_TIMEOUT = "How long one call of a tool may take; 10000 by default."


class McpServerCreate(Input):
    """A new MCP server of an agent."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    name: ServerName = Field(description="Unique for the agent.")
    url: str = Field(description=_URL)
    bearer_token: HeaderValue | None = Field(None, min_length=1, description=_BEARER)
    auth_headers: list[SecretHeader] | None = Field(None, max_length=20, description="Other secret headers.")
    headers: Headers | None = None
    prefix: Prefix | None = Field(
        None, description="Begins the names of its tools; made from `name` by default, empty for none. Stays as it is."
    )
    tools: Selection | None = Field(None, description=_TOOLS)
    timeout_ms: Timeout | None = Field(None, description=_TIMEOUT)


class McpServerUpdate(Input):
    """A partial change: absent fields stay; `authHeaders` replaces the list and keeps values that are not given."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    server_id: str = Field(description="Server id, prefixed `mcps_`.", max_length=80)
    name: ServerName | None = None
    url: str | None = Field(None, description=_URL)
    bearer_token: HeaderValue | None = Field(None, min_length=1, description=_BEARER)
    auth_headers: list[SecretHeader] | None = Field(None, max_length=20)
    headers: Headers | None = None
    tools: Selection | None = Field(None, description=_TOOLS)
    timeout_ms: Timeout | None = Field(None, description=_TIMEOUT)

    @property
    def changes_connection(self) -> bool:
        """True when the server has to be asked again what it offers."""
        return bool({"url", "bearer_token", "auth_headers", "headers"} & self.model_fields_set)

    @model_validator(mode="after")
    def _required_fields_cannot_be_cleared(self) -> Self:
        for name in ("name", "url", "bearer_token"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


class McpServerList(Input):
    """The MCP servers of one agent, oldest first."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)


class McpServerRef(Input):
    """Names one MCP server of one agent."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    server_id: str = Field(description="Server id, prefixed `mcps_`.", max_length=80)


class McpServerRefresh(McpServerRef):
    """Ask the server again what it offers."""

    dry_run: bool = Field(False, description="True only says what would change.")

    @field_validator("dry_run", mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        return False if value is None else value


class McpTool(Output):
    """A tool of the server, and what the agent has of it."""

    remote_name: str = Field(description="What the server calls it.")
    name: str | None = Field(description="What the model calls it; null where no name can be made of the server's.")
    tool_id: str | None = Field(description="The agent's tool; null where the agent does not have it.")
    description: str
    parameters: JsonObject
    problem: str | None = Field(description="Why the agent cannot have it.")


class McpServer(Output):
    """An MCP server of an agent with its tools as they were when it was last asked."""

    id: str = Field(description="Server id, prefixed `mcps_`.")
    agent_id: str
    name: str
    url: str
    headers: dict[str, str]
    auth_headers: list[SecretHeaderRow]
    prefix: str
    selection: list[str] | None = Field(description="The server's names of the chosen tools; null for all.")
    timeout_ms: int | None
    protocol_version: str
    tools: list[McpTool]
    missing: list[str] = Field(description="Chosen tools that the server does not have.")
    refreshed_at: WireTime
    created_at: WireTime
    updated_at: WireTime


class McpToolChange(Output):
    """A difference between what the server offered before and what it offers now."""

    remote_name: str
    change: Literal["added", "changed", "removed"]
    fields: list[Literal["description", "parameters"]] = Field(description="What changed of a changed tool.")


class McpServerRefreshed(Output):
    """The server after it was asked, or as it would be."""

    server: McpServer
    changes: list[McpToolChange]
    dry_run: bool
