"""Phone numbers of the organizations' own.

Revision: 0012
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.base import JsonColumn
from speko_core.db.migrations.row_security import protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phone_numbers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("agent_id", sa.String(length=40), nullable=True),
        sa.Column(
            "dispatch_metadata_template",
            JsonColumn,
            nullable=True,
        ),
        sa.Column("sip_connection_installation_id", sa.String(length=200), nullable=True),
        sa.Column("sip_trunk_id", sa.String(length=200), nullable=True),
        sa.Column("sip_provider_name", sa.String(length=200), nullable=True),
        sa.Column("sip_address", sa.String(length=259), nullable=True),
        sa.Column("sealed_credentials", sa.LargeBinary(), nullable=True),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_phone_numbers_agent_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_phone_numbers_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_numbers")),
        sa.UniqueConstraint("organization_id", "e164", name=op.f("uq_phone_numbers_organization_id_e164")),
    )
    with op.batch_alter_table("phone_numbers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_phone_numbers_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_phone_numbers_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index("ix_phone_numbers_page", ["organization_id", "created_at", "id"], unique=False)

    protect("phone_numbers")


def downgrade() -> None:
    with op.batch_alter_table("phone_numbers", schema=None) as batch_op:
        batch_op.drop_index("ix_phone_numbers_page")
        batch_op.drop_index(batch_op.f("ix_phone_numbers_organization_id"))
        batch_op.drop_index(batch_op.f("ix_phone_numbers_agent_id"))

    op.drop_table("phone_numbers")
