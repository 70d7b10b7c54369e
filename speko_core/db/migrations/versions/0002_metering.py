"""metering.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.migrations.row_security import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "routing_inputs",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_inputs")),
    )
    op.create_table(
        "routing_snapshots",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_snapshots")),
    )
    with op.batch_alter_table("routing_snapshots", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_routing_snapshots_published_at"), ["published_at"], unique=False)

    op.create_table(
        "balances",
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("month_spent_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("month_limit_micro_usd", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_balances_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_balances")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("metric", sa.String(length=16), nullable=True),
        sa.Column("provider", sa.String(length=80), nullable=True),
        sa.Column("session_id", sa.String(length=36), nullable=True),
        sa.Column("usage_id", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('grant', 'debit', 'topup', 'refund', 'adjustment')", name=op.f("ck_ledger_entries_kind")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ledger_entries_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("usage_id", name=op.f("uq_ledger_entries_usage_id")),
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entries_page", ["organization_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_ledger_entries_session", ["organization_id", "session_id"], unique=False)

    op.create_table(
        "provider_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=80), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_provider_keys_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_keys")),
        sa.UniqueConstraint("organization_id", "provider", name=op.f("uq_provider_keys_organization_id_provider")),
    )
    with op.batch_alter_table("provider_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_keys_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "routing_decisions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("modality", sa.String(length=8), nullable=False),
        sa.Column("snapshot_id", sa.String(length=80), nullable=False),
        sa.Column("policy_id", sa.String(length=80), nullable=False),
        sa.Column("offers_id", sa.String(length=80), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("ranked", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_routing_decisions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_decisions")),
    )
    with op.batch_alter_table("routing_decisions", schema=None) as batch_op:
        batch_op.create_index("ix_routing_decisions_age", ["organization_id", "created_at"], unique=False)

    op.create_table(
        "routing_policy",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("modality", sa.String(length=8), nullable=False),
        sa.Column("settings", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_routing_policy_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_policy")),
    )
    with op.batch_alter_table("routing_policy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_routing_policy_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index(
            "uq_routing_policy_active",
            ["organization_id", "modality"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "usage_events",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=True),
        sa.Column("decision_id", sa.String(length=40), nullable=True),
        sa.Column("modality", sa.String(length=8), nullable=False),
        sa.Column("provider", sa.String(length=80), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("key_source", sa.String(length=8), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("audio_ms", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("characters", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("cost_items", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("key_source IN ('BYOK', 'MANAGED', 'NONE')", name=op.f("ck_usage_events_key_source")),
        sa.CheckConstraint("cost_micro_usd >= 0", name=op.f("ck_usage_events_cost")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_usage_events_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_events")),
    )
    with op.batch_alter_table("usage_events", schema=None) as batch_op:
        batch_op.create_index("ix_usage_events_period", ["organization_id", "created_at"], unique=False)
        batch_op.create_index("ix_usage_events_session", ["organization_id", "session_id"], unique=False)

    protect("balances", "ledger_entries", "provider_keys", "routing_decisions", "routing_policy", "usage_events")


def downgrade() -> None:
    with op.batch_alter_table("usage_events", schema=None) as batch_op:
        batch_op.drop_index("ix_usage_events_session")
        batch_op.drop_index("ix_usage_events_period")

    op.drop_table("usage_events")
    with op.batch_alter_table("routing_policy", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_routing_policy_active",
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_routing_policy_organization_id"))

    op.drop_table("routing_policy")
    with op.batch_alter_table("routing_decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_routing_decisions_age")

    op.drop_table("routing_decisions")
    with op.batch_alter_table("provider_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provider_keys_organization_id"))

    op.drop_table("provider_keys")
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entries_session")
        batch_op.drop_index("ix_ledger_entries_page")

    op.drop_table("ledger_entries")
    op.drop_table("balances")
    with op.batch_alter_table("routing_snapshots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_routing_snapshots_published_at"))

    op.drop_table("routing_snapshots")
    op.drop_table("routing_inputs")
