"""integrations.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.migrations.row_security import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "integration_installations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("app_key", sa.String(length=80), nullable=False),
        sa.Column("account_id", sa.String(length=255), nullable=False),
        sa.Column("account_label", sa.String(length=255), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("refreshing_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_by", sa.String(length=40), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('connected', 'expired', 'revoked')", name=op.f("ck_integration_installations_status")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_integration_installations_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_installations")),
        sa.UniqueConstraint(
            "organization_id",
            "app_key",
            "account_id",
            name=op.f("uq_integration_installations_organization_id_app_key_account_id"),
        ),
    )
    with op.batch_alter_table("integration_installations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_integration_installations_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            "ix_integration_installations_page", ["organization_id", "created_at", "id"], unique=False
        )

    op.create_table(
        "integration_pending",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("app_key", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=True),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_integration_pending_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_integration_pending")),
    )
    with op.batch_alter_table("integration_pending", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_integration_pending_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_integration_pending_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "integration_actions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("installation_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("result", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.CheckConstraint("status IN ('started', 'completed')", name=op.f("ck_integration_actions_status")),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["integration_installations.id"],
            name=op.f("fk_integration_actions_installation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_integration_actions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_actions")),
        sa.UniqueConstraint("organization_id", "key", name=op.f("uq_integration_actions_organization_id_key")),
    )
    with op.batch_alter_table("integration_actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_integration_actions_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_integration_actions_installation_id"), ["installation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_integration_actions_organization_id"), ["organization_id"], unique=False)

    protect("integration_installations", "integration_pending", "integration_actions")


def downgrade() -> None:
    with op.batch_alter_table("integration_actions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_integration_actions_organization_id"))
        batch_op.drop_index(batch_op.f("ix_integration_actions_installation_id"))
        batch_op.drop_index(batch_op.f("ix_integration_actions_created_at"))

    op.drop_table("integration_actions")
    with op.batch_alter_table("integration_pending", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_integration_pending_organization_id"))
        batch_op.drop_index(batch_op.f("ix_integration_pending_expires_at"))

    op.drop_table("integration_pending")
    with op.batch_alter_table("integration_installations", schema=None) as batch_op:
        batch_op.drop_index("ix_integration_installations_page")
        batch_op.drop_index(batch_op.f("ix_integration_installations_organization_id"))

    op.drop_table("integration_installations")
