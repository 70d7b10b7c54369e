"""The tables of knowledge bases, their documents, and the chunks that documents are cut into.

Full text is the database's own: on SQLite an FTS5 table beside the chunks, kept by triggers; on PostgreSQL a generated
`search` column. Both are made by the migration and appear in no model.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from speko_core.db.base import ID_LENGTH, Base, OrganizationScoped, Timestamps
from speko_core.knowledge.vectors import EmbeddingColumn
from speko_core.types import JsonObject

NAME_LENGTH = 200
DESCRIPTION_LENGTH = 2000
FILENAME_LENGTH = 255
CONTENT_TYPE_LENGTH = 120
MODEL_LENGTH = 120
HEADING_LENGTH = 500
URL_LENGTH = 2048


class KnowledgeBase(Base, OrganizationScoped, Timestamps):
    """A collection of documents of one agent.

    The embedding model is the one its first embedded document met; None while nothing is embedded.
    """

    __tablename__ = "knowledge_bases"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    description: Mapped[str | None] = mapped_column(String(DESCRIPTION_LENGTH), default=None)
    embedding_model: Mapped[str | None] = mapped_column(String(MODEL_LENGTH), default=None)
    embedding_dim: Mapped[int | None] = mapped_column(Integer, default=None)


class KnowledgeDocument(Base, OrganizationScoped, Timestamps):
    """One document. `run` counts the times it was handed to the jobs, `attempts` the starts of the present run."""

    __tablename__ = "knowledge_documents"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    knowledge_base_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("knowledge_bases.id", ondelete="CASCADE"), index=True
    )
    source: Mapped[str] = mapped_column(String(8))
    filename: Mapped[str] = mapped_column(String(FILENAME_LENGTH))
    content_type: Mapped[str] = mapped_column(String(CONTENT_TYPE_LENGTH))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    url: Mapped[str | None] = mapped_column(String(URL_LENGTH), default=None)
    # `{"pairs": [...]}` of a document of the source `faq`, which has no file.
    faq: Mapped[JsonObject | None] = mapped_column(default=None)
    details: Mapped[JsonObject | None] = mapped_column(default=None)
    status: Mapped[str] = mapped_column(String(16))
    chunk_count: Mapped[int] = mapped_column(Integer, default=0)
    embedded_count: Mapped[int] = mapped_column(Integer, default=0)
    # Of the chunks as they were cut: the same content is not embedded twice.
    digest: Mapped[str | None] = mapped_column(String(64), default=None)
    # The run whose chunks are stored: a run that was interrupted goes on with embedding.
    chunked_run: Mapped[int] = mapped_column(Integer, default=0)
    run: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error_message: Mapped[str | None] = mapped_column(String(500), default=None)
    ingested_at: Mapped[datetime | None] = mapped_column(default=None)


class KnowledgeChunk(Base, OrganizationScoped):
    """A passage: what is searched, and what an answer cites. `number` is what the FTS5 table knows it by."""

    __tablename__ = "knowledge_chunks"
    __table_args__ = (Index("ix_knowledge_chunks_document", "document_id", "position"),)

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    knowledge_base_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("knowledge_bases.id", ondelete="CASCADE"), index=True
    )
    document_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("knowledge_documents.id", ondelete="CASCADE")
    )
    position: Mapped[int] = mapped_column(Integer)
    heading: Mapped[str] = mapped_column(String(HEADING_LENGTH))
    page: Mapped[int | None] = mapped_column(Integer, default=None)
    body: Mapped[str] = mapped_column(Text)
    embedding: Mapped[bytes | None] = mapped_column(EmbeddingColumn, default=None)
