"""BM25 over sections: pure Python, because the documentation is small and an index of it fits in memory.

Words of headings and of the page's name count several times; `camelCase`, `snake_case` and paths are searched whole
and by part.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from speko_core.docs_search.pages import Section, sections

K1 = 1.4
B = 0.6
HEADING_WEIGHT = 3
_WORD = re.compile(r"[A-Za-z0-9]+(?:[_.\-/][A-Za-z0-9]+)*")
_PART = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z](?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_COMMON_WORDS = """
a an and are as at be by can do does for from how i if in is it its me my of on or our so that the their them then
there this to was we what when where which who will with you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def terms(text: str) -> list[str]:
    """The searchable words of a text, without the commonest, plurals and other endings cut."""
    found: list[str] = []
    for word in _WORD.findall(text):
        parts = [part.lower() for part in _PART.findall(word)]
        found.extend(_stem(part) for part in parts if part not in _COMMON)
        if len(parts) > 1:
            found.append(word.lower())
    return found


def _stem(word: str) -> str:
    for ending, shortest in (("ies", 5), ("ing", 6), ("es", 5), ("ed", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= shortest and not word.endswith("ss"):
            stem = word[: -len(ending)] + ("y" if ending == "ies" else "")
            return stem.removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


@dataclass(frozen=True)
class Hit:
    """A section and how well it fits; scores compare within one search only."""

    section: Section
    score: float


class Index:
    """Sections with the counts that BM25 needs."""

    def __init__(self, entries: Iterable[Section]) -> None:
        self._sections: Sequence[Section] = tuple(entries)
        self._counts = [_counts(section) for section in self._sections]
        self._lengths = [counts.total() for counts in self._counts]
        self._mean = max(1.0, sum(self._lengths) / max(1, len(self._lengths)))
        self._frequency: Counter[str] = Counter(term for counts in self._counts for term in counts)

    def search(self, query: str, limit: int) -> list[Hit]:
        """The best sections, best first; nothing when no word of the query occurs."""
        wanted = set(terms(query))
        scored = [Hit(section, self._score(number, wanted)) for number, section in enumerate(self._sections)]
        found = sorted((hit for hit in scored if hit.score > 0), key=lambda hit: -hit.score)
        return found[:limit]

    def _score(self, number: int, wanted: set[str]) -> float:
        counts, length = self._counts[number], self._lengths[number]
        weight = K1 * (1 - B + B * length / self._mean)
        return sum(
            self._rarity(term) * counts[term] * (K1 + 1) / (counts[term] + weight) for term in wanted if term in counts
        )

    def _rarity(self, term: str) -> float:
        holders = self._frequency[term]
        return math.log(1 + (len(self._sections) - holders + 0.5) / (holders + 0.5))


def _counts(section: Section) -> Counter[str]:
    counts = Counter(terms(section.text))
    for heading in (section.page, *section.headings):
        for term in terms(heading):
            counts[term] += HEADING_WEIGHT
    return counts


@cache
def index() -> Index:
    """The index of the shipped pages; built at the first search."""
    return Index(sections())
