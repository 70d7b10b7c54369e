"""Requests and answers about knowledge bases and their documents."""

import json
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from speko_core.knowledge.models import (
    CONTENT_TYPE_LENGTH,
    DESCRIPTION_LENGTH,
    FILENAME_LENGTH,
    NAME_LENGTH,
    URL_LENGTH,
)
from speko_core.knowledge.search import MAX_QUERY_CHARS, Mode
from speko_core.schemas import Input, Output, StrictInput, WireTime
from speko_core.types import JsonObject

# What may be uploaded; what is read is less, and says so.
MAX_UPLOAD_BYTES = 256 * 1_048_576
MAX_METADATA_BYTES = 8_192
MAX_PAIRS = 500
Status = Literal["pending", "processing", "ready", "failed"]
Source = Literal["upload", "url", "faq"]
_Id = Annotated[str, StringConstraints(max_length=80)]
Filename = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=FILENAME_LENGTH, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
ContentType = Annotated[
    str, StringConstraints(max_length=CONTENT_TYPE_LENGTH, pattern=r"^[\w.+-]+/[\w.+-]+(\s*;[\x20-\x7e]*)?$")
]


class KnowledgeBaseList(Input):
    """Every knowledge base, or those of one agent."""

    agent_id: _Id | None = Field(None, description="Only this agent's.")


class KnowledgeBaseRef(Input):
    """Names one knowledge base."""

    id: _Id = Field(description="Knowledge base id, prefixed `kb_`.")


class KnowledgeBaseCreate(Input):
    """A new, empty knowledge base."""

    agent_id: _Id = Field(description="The agent that looks things up in it.")
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH)]
    description: str | None = Field(None, max_length=DESCRIPTION_LENGTH)


class KnowledgeBaseRow(Output):
    """A knowledge base."""

    id: str = Field(description="Knowledge base id, prefixed `kb_`.")
    organization_id: str
    agent_id: str
    name: str
    description: str | None
    embedding_model: str = Field(
        description="What its documents are embedded with; `full-text` where there is no model."
    )
    document_count: int
    chunk_count: int
    created_at: WireTime
    updated_at: WireTime


class KnowledgeSearch(KnowledgeBaseRef):
    """A question to a knowledge base."""

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARS, description="Words or a question.")
    limit: int = Field(5, ge=1, le=50, description="How many passages.")
    mode: Mode = Field("hybrid", description="By words (`text`), by meaning (`vector`), or both.")


class KnowledgeHit(Output):
    """A passage and where it stands."""

    chunk_id: str
    document_id: str
    document: str = Field(description="The document's file name.")
    heading: str = Field(description="The headings above the passage, from the highest; empty where there are none.")
    page: int | None
    url: str | None
    text: str
    score: float = Field(description="Compares within one search only.")


class KnowledgeHits(Output):
    """Passages, best first."""

    results: list[KnowledgeHit]


class DocumentList(KnowledgeBaseRef):
    """Names the knowledge base whose documents are asked for."""


class DocumentRef(KnowledgeBaseRef):
    """Names one document of a knowledge base."""

    document_id: _Id = Field(description="Document id, prefixed `doc_`.")


class WithMetadata(KnowledgeBaseRef):
    """What every new document may carry."""

    metadata: JsonObject | None = Field(None, description="Anything of yours, kept and returned; up to 8 KiB of JSON.")

    @field_validator("metadata")
    @classmethod
    def _small(cls, value: JsonObject | None) -> JsonObject | None:
        if value is not None and len(json.dumps(value)) > MAX_METADATA_BYTES:
            raise ValueError(f"must be at most {MAX_METADATA_BYTES} bytes of JSON")
        return value


class DocumentCreate(WithMetadata):
    """A file that will be uploaded."""

    filename: Filename
    content_type: ContentType = Field(description="Text, Markdown, HTML, CSV, PDF or DOCX.")
    size_bytes: int = Field(ge=0, le=MAX_UPLOAD_BYTES, description="Exactly what will be uploaded.")


class DocumentFromUrl(WithMetadata):
    """A page or file on the web, fetched once; `reingest` fetches it again."""

    url: str = Field(max_length=URL_LENGTH, description="https URL of a public host.")
    filename: Filename | None = Field(None, description="What to call it; default the end of the URL.")


class FaqPair(StrictInput):
    """A question and its answer."""

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]


class DocumentFromFaq(WithMetadata):
    """Questions with their answers, each searched as one passage."""

    pairs: list[FaqPair] = Field(min_length=1, max_length=MAX_PAIRS)
    filename: Filename = Field("FAQ", description="What to call it.")


class DocumentProgress(Output):
    """How far the reading of a document is, in passages."""

    stage: Literal["reading", "embedding"]
    done: int
    total: int


class DocumentRow(Output):
    """A document of a knowledge base."""

    id: str = Field(description="Document id, prefixed `doc_`.")
    knowledge_base_id: str
    source: Source
    filename: str
    content_type: str
    size_bytes: int
    url: str | None
    status: Status
    progress: DocumentProgress | None = Field(description="Present while `status` is `processing`.")
    chunk_count: int
    error_message: str | None
    metadata: JsonObject | None
    ingested_at: WireTime | None
    created_at: WireTime
    updated_at: WireTime


class UploadSpec(Output):
    """Where to PUT the file, without an API key and with exactly these headers."""

    url: str
    method: Literal["PUT"]
    headers: dict[str, str]
    expires_in_seconds: int


class DocumentCreated(Output):
    """A new document and where its file goes."""

    document: DocumentRow
    upload: UploadSpec
