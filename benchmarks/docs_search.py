"""How often `search_docs` finds the section that answers: the questions of retrieval_questions.toml, BM25 alone.

python -m benchmarks.docs_search
"""

import json
import statistics
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from speko_core.docs_search.index import index
from speko_core.docs_search.pages import Section

QUESTIONS = Path(__file__).with_name("retrieval_questions.toml")
DEPTH = 5


@dataclass(frozen=True)
class Recall:
    """Shares of the questions whose section, or page, is among the first `DEPTH` answers; time in milliseconds."""

    questions: int
    first: float
    section: float
    page: float
    median_ms: float


def measure() -> Recall:
    """Ask every question once."""
    questions = tomllib.loads(QUESTIONS.read_text("utf-8"))["questions"]
    index()
    first, section, page, times = 0, 0, 0, []
    for question in questions:
        started = time.perf_counter()
        hits = [hit.section for hit in index().search(question["ask"], DEPTH)]
        times.append((time.perf_counter() - started) * 1000)
        wanted = (question["page"], question["section"])
        first += bool(hits) and _place(hits[0]) == wanted
        section += wanted in map(_place, hits)
        page += question["page"] in (hit.page for hit in hits)
    count = len(questions)
    return Recall(count, first / count, section / count, page / count, statistics.median(times))


def _place(section: Section) -> tuple[str, str]:
    return section.page, section.headings[-1] if len(section.headings) > 1 else ""


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=2))
