"""Knowledge bases as operations. Their documents are in `document_operations.py`."""

from typing import Final

from speko_core.knowledge import documents, schemas, service
from speko_core.knowledge.document_operations import OPERATIONS as DOCUMENTS
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted

NOT_FOUND = ErrorCase(404, "NOT_FOUND", "No knowledge base with this id exists in the authenticated organization.")
NO_AGENT = ErrorCase(404, "NOT_FOUND", "No agent with this id exists in the authenticated organization.")
TAG = "Knowledge bases"
TOOLSET: Final = "knowledge"

LIST = Operation(
    id="knowledge_bases.list",
    summary="List knowledge bases",
    description="Oldest first; `agentId` keeps those of one agent.",
    scope="agents:read",
    effect="read",
    input=schemas.KnowledgeBaseList,
    output=list[schemas.KnowledgeBaseRow],
    run=service.list_bases,
    http=Http("GET", "/v1/knowledge-bases", tag=TAG),
    tool=ToolBinding(
        "list_knowledge_bases",
        "List knowledge bases",
        "Use to find knowledge base ids, of all agents or with agentId of one. Returns their names, models and counts.",
        toolset=TOOLSET,
        items_as="knowledgeBases",
        next_steps=("list_knowledge_documents for what is in one", "search_knowledge_base to try a question"),
        listed=False,
    ),
)
GET = Operation(
    id="knowledge_bases.get",
    summary="Get a knowledge base",
    scope="agents:read",
    effect="read",
    input=schemas.KnowledgeBaseRef,
    output=schemas.KnowledgeBaseRow,
    run=service.get,
    errors=(NOT_FOUND,),
    http=Http("GET", "/v1/knowledge-bases/{id}", tag=TAG),
    tool=ToolBinding(
        "get_knowledge_base",
        "Get knowledge base",
        "Use to read one knowledge base with its counts. Takes an id from list_knowledge_bases.",
        toolset=TOOLSET,
        next_steps=("list_knowledge_documents for what is in it",),
        listed=False,
    ),
)
CREATE = Operation(
    id="knowledge_bases.create",
    summary="Create a knowledge base",
    description="Every agent begins with one named `Default`; this adds another.",
    scope="agents:write",
    effect="write",
    input=schemas.KnowledgeBaseCreate,
    output=schemas.KnowledgeBaseRow,
    run=service.create,
    errors=(NO_AGENT,),
    http=Http("POST", "/v1/knowledge-bases", 201, tag=TAG),
    tool=ToolBinding(
        "create_knowledge_base",
        "Create knowledge base",
        "Use to keep a set of documents apart; an agent has one named Default already. Needs agentId and name.",
        toolset=TOOLSET,
        next_steps=("add_knowledge_url or add_knowledge_faq to fill it",),
        listed=False,
    ),
)
DELETE = Operation(
    id="knowledge_bases.delete",
    summary="Delete a knowledge base",
    description="With its documents, their passages and files.",
    scope="agents:write",
    effect="destroy",
    input=schemas.KnowledgeBaseRef,
    output=Deleted,
    run=service.delete,
    errors=(NOT_FOUND,),
    http=Http("DELETE", "/v1/knowledge-bases/{id}", tag=TAG),
    tool=ToolBinding(
        "delete_knowledge_base",
        "Delete knowledge base",
        "Use only when the person asked to delete it with everything in it; it cannot be undone.",
        toolset=TOOLSET,
        next_steps=("list_knowledge_bases to see what is left",),
        idempotent=True,
        listed=False,
    ),
)
SEARCH = Operation(
    id="knowledge_bases.search",
    summary="Search a knowledge base",
    description="Passages by words and by meaning, with the document, heading and page they stand in.",
    scope="agents:read",
    effect="read",
    input=schemas.KnowledgeSearch,
    output=schemas.KnowledgeHits,
    run=service.search,
    errors=(NOT_FOUND,),
    http=Http("POST", "/v1/knowledge-bases/{id}/search", tag=TAG),
    tool=ToolBinding(
        "search_knowledge_base",
        "Search knowledge base",
        "Use to see what an agent would find for a question. Takes an id from list_knowledge_bases and query. Returns "
        "passages with document, heading and page, best first.",
        toolset=TOOLSET,
        next_steps=("add_knowledge_faq for what is missing",),
        untrusted=True,
        listed=False,
    ),
)
REEMBED = Operation(
    id="knowledge_bases.reembed",
    summary="Embed a knowledge base again",
    description="With the embedding model that is configured now. Until it is done the search goes by words.",
    scope="agents:write",
    effect="write",
    input=schemas.KnowledgeBaseRef,
    output=schemas.KnowledgeBaseRow,
    run=documents.reembed,
    errors=(NOT_FOUND,),
    http=Http("POST", "/v1/knowledge-bases/{id}/reembed", tag=TAG),
    tool=ToolBinding(
        "reembed_knowledge_base",
        "Embed knowledge base again",
        "Use after the installation's embedding model was changed. Takes an id from list_knowledge_bases.",
        toolset=TOOLSET,
        next_steps=("list_knowledge_documents to follow the progress",),
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, GET, CREATE, DELETE, SEARCH, REEMBED, *DOCUMENTS)
