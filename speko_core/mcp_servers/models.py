"""The table of MCP servers. Values of secret headers are sealed in `agent_secrets`, named here by reference."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, JsonColumn, OrganizationScoped, Timestamps
from speko_core.types import JsonObject

NAME_LENGTH = 80
PREFIX_LENGTH = 32
URL_LENGTH = 2048
PROTOCOL_LENGTH = 20


class McpServerRow(Base, OrganizationScoped, Timestamps):
    """An MCP server of one agent.

    `selection` are the server's names of the chosen tools, None for all of them. `catalogue` is what the server offered
    when it was last asked: description and parameters by its own name.
    """

    __tablename__ = "mcp_servers"
    __table_args__ = (UniqueConstraint("agent_id", "name"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agents.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    url: Mapped[str] = mapped_column(String(URL_LENGTH))
    headers: Mapped[JsonObject] = mapped_column()
    # Reference by header name.
    secret_headers: Mapped[JsonObject] = mapped_column()
    prefix: Mapped[str] = mapped_column(String(PREFIX_LENGTH))
    selection: Mapped[list[str] | None] = mapped_column(JsonColumn, default=None)
    timeout_ms: Mapped[int | None] = mapped_column(Integer, default=None)
    protocol: Mapped[str] = mapped_column(String(PROTOCOL_LENGTH))
    catalogue: Mapped[JsonObject] = mapped_column()
    refreshed_at: Mapped[datetime] = mapped_column()
