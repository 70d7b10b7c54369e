"""agents of turns.

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("session_turns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agent_id", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("session_turns", schema=None) as batch_op:
        batch_op.drop_column("agent_id")
