"""The do-not-call list.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.migrations.row_security import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "do_not_call_entries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_do_not_call_entries_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_do_not_call_entries")),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_do_not_call_entries_organization_id_number")),
    )
    with op.batch_alter_table("do_not_call_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_do_not_call_entries_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index("ix_do_not_call_entries_page", ["organization_id", "created_at", "id"], unique=False)

    protect("do_not_call_entries")


def downgrade() -> None:
    with op.batch_alter_table("do_not_call_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_do_not_call_entries_page")
        batch_op.drop_index(batch_op.f("ix_do_not_call_entries_organization_id"))

    op.drop_table("do_not_call_entries")
