"""A knowledge base for every agent that has none: agents from before knowledge bases began without.

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.base import UtcDateTime
from speko_core.ids import new_id

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AGENTS = sa.table(
    "agents",
    sa.column("id", sa.String),
    sa.column("organization_id", sa.String),
    sa.column("created_at", UtcDateTime),
)
_BASES = sa.table(
    "knowledge_bases",
    sa.column("id", sa.String),
    sa.column("organization_id", sa.String),
    sa.column("agent_id", sa.String),
    sa.column("name", sa.String),
    sa.column("created_at", UtcDateTime),
    sa.column("updated_at", UtcDateTime),
)


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        bind.execute(sa.text("SELECT set_config('speko.everything', 'on', true)"))
    bare = sa.select(_AGENTS.c.organization_id, _AGENTS.c.id, _AGENTS.c.created_at).where(
        ~sa.exists().where(_BASES.c.agent_id == _AGENTS.c.id)
    )
    rows = [
        {
            "id": new_id("kb"),
            "organization_id": organization_id,
            "agent_id": agent_id,
            "name": "Default",
            "created_at": created_at,
            "updated_at": created_at,
        }
        for organization_id, agent_id, created_at in bind.execute(bare).all()
    ]
    if rows:
        bind.execute(sa.insert(_BASES), rows)


def downgrade() -> None:
    pass
