"""traces of sessions.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.migrations.row_security import protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_traces",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("tree", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_session_traces_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["voice_sessions.id"], name=op.f("fk_session_traces_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_traces")),
    )
    with op.batch_alter_table("session_traces", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_traces_organization_id"), ["organization_id"], unique=False)

    protect("session_traces")


def downgrade() -> None:
    with op.batch_alter_table("session_traces", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_traces_organization_id"))

    op.drop_table("session_traces")
