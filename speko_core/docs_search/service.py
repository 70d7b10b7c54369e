"""Finding the sections that answer a question, and reading a page."""

import asyncio

from speko_core.context import Ctx
from speko_core.docs_search.index import index
from speko_core.docs_search.pages import Section, page_names, page_text, split
from speko_core.docs_search.ranking import terms
from speko_core.docs_search.schemas import DocsHit, DocsHits, DocsQuery, Page, PageRef
from speko_core.errors import NotFound

SNIPPET = 1_500


async def search(ctx: Ctx, query: DocsQuery) -> DocsHits:
    """The best sections. The first search reads the pages, so it leaves the event loop."""
    hits = await asyncio.to_thread(lambda: index().search(query.query, query.limit))
    wanted = set(terms(query.query))
    return DocsHits(results=[_hit(hit.section, wanted) for hit in hits])


async def page(ctx: Ctx, data: PageRef) -> Page:
    """One whole page.

    Raises:
        NotFound: there is no such page.
    """
    markdown = await asyncio.to_thread(page_text, data.page)
    if markdown is None:
        raise NotFound("not found", hint=f"Pages: {', '.join(page_names())}.")
    return Page(page=data.page, title=next(split(data.page, markdown)).title, markdown=markdown)


def _hit(section: Section, wanted: set[str]) -> DocsHit:
    text = _best_part(section.text, wanted)
    return DocsHit(
        page=section.page,
        title=section.title,
        section=" > ".join(section.headings[1:]) or section.title,
        anchor=section.anchor,
        text=text,
        complete=text == section.text,
    )


def _best_part(text: str, wanted: set[str]) -> str:
    """The run of paragraphs, at most `SNIPPET` characters, that holds most of the wanted words."""
    if len(text) <= SNIPPET:
        return text
    paragraphs = text.split("\n\n")
    starts = range(len(paragraphs))
    best = max(starts, key=lambda start: (_weight(_run(paragraphs, start), wanted), -start))
    return _run(paragraphs, best)


def _run(paragraphs: list[str], start: int) -> str:
    run = paragraphs[start]
    for paragraph in paragraphs[start + 1 :]:
        if len(run) + len(paragraph) + 2 > SNIPPET:
            break
        run = f"{run}\n\n{paragraph}"
    return run[:SNIPPET]


def _weight(text: str, wanted: set[str]) -> int:
    return len(wanted.intersection(terms(text)))
