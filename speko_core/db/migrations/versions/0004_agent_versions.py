"""Agent versions, with a first one for every agent there is.

Revision: 0004
"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from ulid import ULID

from speko_core.db.migrations.row_security import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_deployments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=True),
        sa.Column("undo_id", sa.String(length=40), nullable=True),
        sa.Column("author_kind", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.CheckConstraint("action IN ('deploy', 'rollback')", name=op.f("ck_agent_deployments_action")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_agent_deployments_agent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_agent_deployments_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_deployments")),
    )
    with op.batch_alter_table("agent_deployments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_agent_deployments_history", ["agent_id", "environment", "created_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_agent_deployments_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "agent_environments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.String(length=40), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_agent_environments_agent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_agent_environments_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_environments")),
        sa.UniqueConstraint("agent_id", "name", name=op.f("uq_agent_environments_agent_id_name")),
    )
    with op.batch_alter_table("agent_environments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_environments_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "agent_secrets",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_agent_secrets_agent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_agent_secrets_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_secrets")),
        sa.UniqueConstraint("agent_id", "ref", name=op.f("uq_agent_secrets_agent_id_ref")),
    )
    with op.batch_alter_table("agent_secrets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_secrets_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "agent_versions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("author_kind", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_agent_versions_agent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_agent_versions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_versions")),
        sa.UniqueConstraint("agent_id", "number", name=op.f("uq_agent_versions_agent_id_number")),
    )
    with op.batch_alter_table("agent_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_versions_organization_id"), ["organization_id"], unique=False)

    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recording_retention_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("transcript_retention_days", sa.Integer(), nullable=True))

    with op.batch_alter_table("voice_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agent_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("environment", sa.String(length=40), nullable=True))

    _record_agents()
    protect("agent_deployments", "agent_environments", "agent_secrets", "agent_versions")


def _columns(*names: str) -> list[sa.Column[object]]:
    kinds: dict[str, sa.types.TypeEngine[Any]] = {
        **dict.fromkeys(("config", "content"), sa.JSON()),
        **dict.fromkeys(("number", "version"), sa.Integer()),
        **dict.fromkeys(("created_at", "updated_at"), sa.DateTime(timezone=True)),
    }
    return [sa.Column(name, kinds.get(name, sa.String())) for name in names]


def _record_agents() -> None:
    scope = ("id", "organization_id", "name", "config", "version", "updated_at")
    agents = sa.table("agents", *_columns(*scope))
    row = ("id", "organization_id", "agent_id", "number", "content", "sha", "author_kind", "author_id", "note")
    versions = sa.table("agent_versions", *_columns(*row, "created_at"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT set_config('speko.everything', 'on', true)")
    for agent in op.get_bind().execute(sa.select(agents)).mappings().all():
        content = {**agent["config"], "name": agent["name"], "tools": {}}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        op.execute(
            versions.insert().values(
                id=f"version_{ULID()}",
                organization_id=agent["organization_id"],
                agent_id=agent["id"],
                number=agent["version"],
                content=content,
                sha=hashlib.sha256(canonical.encode()).hexdigest(),
                author_kind="system",
                author_id="migration",
                note="",
                created_at=agent["updated_at"],
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("voice_sessions", schema=None) as batch_op:
        batch_op.drop_column("environment")
        batch_op.drop_column("agent_version")

    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_column("transcript_retention_days")
        batch_op.drop_column("recording_retention_days")

    with op.batch_alter_table("agent_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_versions_organization_id"))

    op.drop_table("agent_versions")
    with op.batch_alter_table("agent_secrets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_secrets_organization_id"))

    op.drop_table("agent_secrets")
    with op.batch_alter_table("agent_environments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_environments_organization_id"))

    op.drop_table("agent_environments")
    with op.batch_alter_table("agent_deployments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_deployments_organization_id"))
        batch_op.drop_index("ix_agent_deployments_history")

    op.drop_table("agent_deployments")
