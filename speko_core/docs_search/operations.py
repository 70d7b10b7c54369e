"""The documentation as operations."""

from speko_core.docs_search import schemas, service
from speko_core.operations import AnyOperation, ErrorCase, Http, Operation, ToolBinding

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

PAGE = Operation(
    id="docs.page",
    summary="Get a page of the documentation",
    scope="docs:read",
    effect="read",
    input=schemas.PageRef,
    output=schemas.Page,
    run=service.page,
    errors=(ErrorCase(404, "NOT_FOUND", "There is no page of this name."),),
    http=Http("GET", "/v1/docs/pages/{page}", tag="Docs"),
    tool=ToolBinding(
        "get_docs_page",
        "Get docs page",
        "Use when a section from search_docs is not enough: returns the whole page as Markdown.",
        toolset="docs",
        next_steps=("search_docs for a section of another page",),
        listed=False,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (SEARCH, PAGE)
