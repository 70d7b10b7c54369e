"""Knowledge bases.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

from speko_core.db.migrations.row_security import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
_EMBEDDING = sa.LargeBinary().with_variant(sa.dialects.postgresql.ARRAY(sa.REAL()), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_SQLITE_FULL_TEXT = (
    "CREATE VIRTUAL TABLE knowledge_chunks_fts USING fts5("
    " knowledge_base_id, heading, body, content='knowledge_chunks', content_rowid='number',"
    " tokenize='porter unicode61 remove_diacritics 2')",
    "CREATE TRIGGER knowledge_chunks_inserted AFTER INSERT ON knowledge_chunks BEGIN"
    " INSERT INTO knowledge_chunks_fts (rowid, knowledge_base_id, heading, body)"
    " VALUES (new.number, new.knowledge_base_id, new.heading, new.body); END",
    "CREATE TRIGGER knowledge_chunks_deleted AFTER DELETE ON knowledge_chunks BEGIN"
    " INSERT INTO knowledge_chunks_fts (knowledge_chunks_fts, rowid, knowledge_base_id, heading, body)"
    " VALUES ('delete', old.number, old.knowledge_base_id, old.heading, old.body); END",
)
_POSTGRES_FULL_TEXT = (
    "ALTER TABLE knowledge_chunks ADD COLUMN search tsvector GENERATED ALWAYS AS ("
    " setweight(to_tsvector('english', heading), 'A') || setweight(to_tsvector('english', body), 'B')) STORED",
    "CREATE INDEX ix_knowledge_chunks_full_text ON knowledge_chunks USING gin (search)",
)


def upgrade() -> None:
    op.create_table(
        "knowledge_bases",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=True),
        sa.Column("embedding_model", sa.String(length=120), nullable=True),
        sa.Column("embedding_dim", sa.Integer(), nullable=True),
        *_owned("knowledge_bases"),
        *_timestamps(),
        _belongs("knowledge_bases", "agent_id", "agents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_bases")),
    )
    op.create_index(op.f("ix_knowledge_bases_organization_id"), "knowledge_bases", ["organization_id"])
    op.create_index(op.f("ix_knowledge_bases_agent_id"), "knowledge_bases", ["agent_id"])
    op.create_table(
        "knowledge_documents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("knowledge_base_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=120), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.Column("faq", _JSON, nullable=True),
        sa.Column("details", _JSON, nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("embedded_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("chunked_run", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error_message", sa.String(length=500), nullable=True),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=True),
        *_owned("knowledge_documents"),
        *_timestamps(),
        _belongs("knowledge_documents", "knowledge_base_id", "knowledge_bases"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_documents")),
    )
    op.create_index(op.f("ix_knowledge_documents_organization_id"), "knowledge_documents", ["organization_id"])
    op.create_index(op.f("ix_knowledge_documents_knowledge_base_id"), "knowledge_documents", ["knowledge_base_id"])
    op.create_table(
        "knowledge_chunks",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("knowledge_base_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(length=500), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("embedding", _EMBEDDING, nullable=True),
        *_owned("knowledge_chunks"),
        _belongs("knowledge_chunks", "knowledge_base_id", "knowledge_bases"),
        _belongs("knowledge_chunks", "document_id", "knowledge_documents"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_knowledge_chunks")),
        sa.UniqueConstraint("id", name=op.f("uq_knowledge_chunks_id")),
    )
    op.create_index(op.f("ix_knowledge_chunks_organization_id"), "knowledge_chunks", ["organization_id"])
    op.create_index(op.f("ix_knowledge_chunks_knowledge_base_id"), "knowledge_chunks", ["knowledge_base_id"])
    op.create_index("ix_knowledge_chunks_document", "knowledge_chunks", ["document_id", "position"])
    for statement in _SQLITE_FULL_TEXT if op.get_bind().dialect.name == "sqlite" else _POSTGRES_FULL_TEXT:
        op.execute(statement)
    protect("knowledge_bases", "knowledge_documents", "knowledge_chunks")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE knowledge_chunks_fts")
    for table in ("knowledge_chunks", "knowledge_documents", "knowledge_bases"):
        op.drop_table(table)


def _owned(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    column = sa.Column("organization_id", sa.String(length=40), nullable=False)
    return column, _belongs(table, "organization_id", "organizations")


def _belongs(table: str, column: str, owner: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def _timestamps() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
