"""The documentation search as an operation."""

from speko_core.docs_search import schemas, service
from speko_core.operations import AnyOperation, Http, Operation, ToolBinding

SEARCH = Operation(
    id="docs.search",
    summary="Search the documentation",
    description="Sections of this installation's own pages, best first.",
    scope="docs:read",
    effect="read",
    input=schemas.DocsQuery,
    output=schemas.DocsHits,
    run=service.search,
    http=Http("GET", "/v1/docs/search", tag="Docs"),
    tool=ToolBinding(
        "search_docs",
        "Search docs",
        "Use before building or debugging: finds sections of this installation's documentation by words or by a "
        "question. Returns page, section, anchor and text, best first.",
        toolset="docs",
        next_steps=("search again with words of the section that came closest", "create_agent when you know enough"),
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (SEARCH,)
