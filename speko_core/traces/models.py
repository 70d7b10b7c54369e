"""The table of traces: one document a session, without a word of what was said."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import Base, JsonColumn, OrganizationScoped, Timestamps
from speko_core.sessions.models import UUID_LENGTH
from speko_core.types import JsonObject


class SessionTrace(Base, OrganizationScoped, Timestamps):
    """The spans of one session, as the tree they form."""

    __tablename__ = "session_traces"

    session_id: Mapped[str] = mapped_column(
        String(UUID_LENGTH), ForeignKey("voice_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    tree: Mapped[JsonObject] = mapped_column(JsonColumn)
