"""The documents of knowledge bases as operations."""

from typing import Final

from speko_core.knowledge import documents, schemas
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding
from speko_core.schemas import Deleted

NOT_FOUND = ErrorCase(
    404, "NOT_FOUND", "No knowledge base or document with this id exists in the authenticated organization."
)
FULL = ErrorCase(409, "CONFLICT", "The knowledge base holds as many documents as it may.")
NOT_UPLOADED = ErrorCase(409, "CONFLICT", "The document's file was not uploaded yet.")
TAG = "Knowledge bases"
TOOLSET: Final = "knowledge"
PATH = "/v1/knowledge-bases/{id}/documents"
FOLLOW = "get_knowledge_document until status is ready or failed"

LIST = Operation(
    id="knowledge_documents.list",
    summary="List documents",
    description="Every document of a knowledge base, oldest first.",
    scope="agents:read",
    effect="read",
    input=schemas.DocumentList,
    output=list[schemas.DocumentRow],
    run=documents.list_documents,
    errors=(NOT_FOUND,),
    http=Http("GET", PATH, tag=TAG),
    tool=ToolBinding(
        "list_knowledge_documents",
        "List knowledge documents",
        "Use to see what a knowledge base holds and whether it was read. Takes its id from list_knowledge_bases.",
        toolset=TOOLSET,
        items_as="documents",
        next_steps=("reingest_knowledge_document for one that failed", "delete_knowledge_document for one too many"),
        untrusted=True,
        listed=False,
    ),
)
GET = Operation(
    id="knowledge_documents.get",
    summary="Get a document",
    description="`status` ends as `ready`, or as `failed` with an `errorMessage`.",
    scope="agents:read",
    effect="read",
    input=schemas.DocumentRef,
    output=schemas.DocumentRow,
    run=documents.get,
    errors=(NOT_FOUND,),
    http=Http("GET", PATH + "/{documentId}", tag=TAG),
    tool=ToolBinding(
        "get_knowledge_document",
        "Get knowledge document",
        "Use to follow the reading of one document. Takes id of the knowledge base and documentId.",
        toolset=TOOLSET,
        next_steps=("search_knowledge_base once it is ready",),
        untrusted=True,
        unfinished=("pending", "processing"),
        listed=False,
    ),
)
CREATE = Operation(
    id="knowledge_documents.create",
    summary="Create a document to upload",
    description="Answers a URL to PUT the file to, without an API key, with exactly the given headers; then finalize.",
    scope="agents:write",
    effect="write",
    input=schemas.DocumentCreate,
    output=schemas.DocumentCreated,
    run=documents.create,
    errors=(NOT_FOUND, FULL),
    http=Http("POST", PATH, 201, tag=TAG),
    tool=ToolBinding(
        "create_knowledge_document",
        "Create knowledge document",
        "Use to upload a file: returns a URL that takes one PUT of exactly sizeBytes. For a web page or a few answers "
        "add_knowledge_url and add_knowledge_faq are simpler.",
        toolset=TOOLSET,
        next_steps=("PUT the bytes to upload.url with upload.headers", "finalize_knowledge_document to have it read"),
        listed=False,
    ),
)
ADD_URL = Operation(
    id="knowledge_documents.add_url",
    summary="Add a document by URL",
    description="Fetched once, in the background, from a public https address.",
    scope="agents:write",
    effect="write",
    input=schemas.DocumentFromUrl,
    output=schemas.DocumentRow,
    run=documents.add_url,
    errors=(NOT_FOUND, FULL),
    http=Http("POST", PATH + "/url", 201, tag=TAG),
    tool=ToolBinding(
        "add_knowledge_url",
        "Add knowledge URL",
        "Use to put a web page, PDF or text on the web into a knowledge base. Needs id of the knowledge base and url.",
        toolset=TOOLSET,
        next_steps=(FOLLOW,),
        open_world=True,
        untrusted=True,
        listed=False,
    ),
)
ADD_FAQ = Operation(
    id="knowledge_documents.add_faq",
    summary="Add questions and answers",
    description="Up to 500 pairs; each is found as one passage.",
    scope="agents:write",
    effect="write",
    input=schemas.DocumentFromFaq,
    output=schemas.DocumentRow,
    run=documents.add_faq,
    errors=(NOT_FOUND, FULL),
    http=Http("POST", PATH + "/faq", 201, tag=TAG),
    tool=ToolBinding(
        "add_knowledge_faq",
        "Add knowledge FAQ",
        "Use to teach an agent answers. Needs id of the knowledge base and pairs of question and answer.",
        toolset=TOOLSET,
        next_steps=(FOLLOW,),
        listed=False,
    ),
)
FINALIZE = Operation(
    id="knowledge_documents.finalize",
    summary="Finalize an upload",
    description="Has the uploaded file read; answers the row as `processing`.",
    scope="agents:write",
    effect="write",
    input=schemas.DocumentRef,
    output=schemas.DocumentRow,
    run=documents.finalize,
    errors=(NOT_FOUND,),
    http=Http("POST", PATH + "/{documentId}/finalize", tag=TAG),
    tool=ToolBinding(
        "finalize_knowledge_document",
        "Finalize knowledge document",
        "Use after the file was PUT to the upload URL. Takes id of the knowledge base and documentId.",
        toolset=TOOLSET,
        next_steps=(FOLLOW,),
        idempotent=True,
        untrusted=True,
        listed=False,
    ),
)
REINGEST = Operation(
    id="knowledge_documents.reingest",
    summary="Read a document again",
    description="A URL is fetched again. What was read before answers until the new reading is stored.",
    scope="agents:write",
    effect="write",
    input=schemas.DocumentRef,
    output=schemas.DocumentRow,
    run=documents.reingest,
    errors=(NOT_FOUND, NOT_UPLOADED),
    http=Http("POST", PATH + "/{documentId}/reingest", tag=TAG),
    tool=ToolBinding(
        "reingest_knowledge_document",
        "Read knowledge document again",
        "Use when a page has changed or a document failed for a passing reason. Takes id and documentId.",
        toolset=TOOLSET,
        next_steps=(FOLLOW,),
        idempotent=True,
        open_world=True,
        untrusted=True,
        listed=False,
    ),
)
DELETE = Operation(
    id="knowledge_documents.delete",
    summary="Delete a document",
    description="With its passages and its file.",
    scope="agents:write",
    effect="destroy",
    input=schemas.DocumentRef,
    output=Deleted,
    run=documents.delete,
    errors=(NOT_FOUND,),
    http=Http("DELETE", PATH + "/{documentId}", tag=TAG),
    tool=ToolBinding(
        "delete_knowledge_document",
        "Delete knowledge document",
        "Use only when the person asked to remove this document. Takes id of the knowledge base and documentId.",
        toolset=TOOLSET,
        next_steps=("list_knowledge_documents to see what is left",),
        idempotent=True,
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (LIST, GET, CREATE, ADD_URL, ADD_FAQ, FINALIZE, REINGEST, DELETE)
