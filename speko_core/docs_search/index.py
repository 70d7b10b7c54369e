"""BM25 over sections: pure Python, because the documentation is small and an index of it fits in memory.

Words of headings and of the page's name count several times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from speko_core.docs_search.pages import Section, sections
from speko_core.docs_search.ranking import Ranking, counted

HEADING_WEIGHT = 3


@dataclass(frozen=True)
class Hit:
    """A section and how well it fits; scores compare within one search only."""

    section: Section
    score: float


class Index:
    """Sections, ranked by the words they hold."""

    def __init__(self, entries: Iterable[Section]) -> None:
        self._sections: Sequence[Section] = tuple(entries)
        self._ranking = Ranking(
            [counted(section.text, (section.page, *section.headings), HEADING_WEIGHT) for section in self._sections]
        )

    def search(self, query: str, limit: int) -> list[Hit]:
        """The best sections, best first; nothing when no word of the query occurs."""
        return [Hit(self._sections[number], score) for number, score in self._ranking.search(query)[:limit]]


@cache
def index() -> Index:
    """The index of the shipped pages; built at the first search."""
    return Index(sections())
