"""Request and answer of the documentation search."""

from pydantic import Field

from speko_core.schemas import Input, Output


class DocsQuery(Input):
    """What to look for."""

    query: str = Field(min_length=1, max_length=400, description="Words or a question, e.g. `barge-in settings`.")
    limit: int = Field(5, ge=1, le=20, description="How many sections.")


class DocsHit(Output):
    """One section of a page."""

    page: str = Field(description="The page, e.g. `mcp`; its file is docs/<page>.md.")
    title: str
    section: str
    anchor: str
    text: str = Field(description="The section, or the part of it that fits the query best.")
    complete: bool = Field(description="True when `text` is the whole section.")


class DocsHits(Output):
    """Sections, best first."""

    results: list[DocsHit]


class PageRef(Input):
    """Names one page."""

    page: str = Field(max_length=120, description="As search_docs names it, e.g. `mcp`.")


class Page(Output):
    """One page of the documentation."""

    page: str
    title: str
    markdown: str
