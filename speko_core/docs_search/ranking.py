"""BM25 over counted words, whatever the words belong to: sections of the documentation, or tools."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

K1 = 1.4
B = 0.6
_WORD = re.compile(r"[A-Za-z0-9]+(?:[_.\-/][A-Za-z0-9]+)*")
_PART = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z](?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_COMMON_WORDS = """
a an and are as at be by can do does for from how i if in is it its me my of on or our so that the their them then
there this to was we what when where which who will with you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def terms(text: str) -> list[str]:
    """The searchable words of a text, without the commonest, plurals and other endings cut.

    `camelCase`, `snake_case` and paths are searched whole and by part.
    """
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


def counted(text: str, weighty: Iterable[str], weight: int) -> Counter[str]:
    """The words of a text; those of `weighty` texts, such as headings, count `weight` times."""
    counts = Counter(terms(text))
    for part in weighty:
        for term in terms(part):
            counts[term] += weight
    return counts


class Ranking:
    """Counted documents with the sums that BM25 needs."""

    def __init__(self, documents: Sequence[Counter[str]]) -> None:
        self._counts = documents
        self._lengths = [counts.total() for counts in documents]
        self._mean = max(1.0, sum(self._lengths) / max(1, len(self._lengths)))
        self._frequency: Counter[str] = Counter(term for counts in documents for term in counts)

    def search(self, query: str) -> list[tuple[int, float]]:
        """Numbers of the documents that hold a word of the query with their scores, best first."""
        wanted = set(terms(query))
        scored = ((number, self._score(number, wanted)) for number in range(len(self._counts)))
        return sorted((entry for entry in scored if entry[1] > 0), key=lambda entry: -entry[1])

    def _score(self, number: int, wanted: set[str]) -> float:
        counts, length = self._counts[number], self._lengths[number]
        weight = K1 * (1 - B + B * length / self._mean)
        return sum(
            self._rarity(term) * counts[term] * (K1 + 1) / (counts[term] + weight) for term in wanted if term in counts
        )

    def _rarity(self, term: str) -> float:
        holders = self._frequency[term]
        return math.log(1 + (len(self._counts) - holders + 0.5) / (holders + 0.5))
