"""How well and how fast knowledge is found: questions about docs/, by words, by meaning, and by both.

    python -m benchmarks.retrieval [--database-url URL]

Every page of docs/ becomes a document of one knowledge base, uploaded over REST and read by the job. A question counts
as answered when one of the first five passages stands in the section that answers it. Without the local embedding model
only the words are measured.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from speko_core.db.migrate import upgrade
from speko_core.deps import build_deps
from speko_core.docs_search.pages import docs_folder
from speko_core.knowledge import repository
from speko_core.knowledge.search import Hit, Mode, search_bases
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, add_tenant
from tests.knowledge.kit import Library, library

QUESTIONS = Path(__file__).with_name("retrieval_questions.toml")
DEPTH = 5
TIMES = 5


@dataclass(frozen=True)
class Question:
    """What is asked, and the section that answers; no section is the text below the page's title."""

    ask: str
    page: str
    section: str

    def rank_in(self, hits: Sequence[Hit]) -> int | None:
        """The place of the first passage of the section, from 1."""
        for rank, hit in enumerate(hits, start=1):
            below = hit.heading.split(" > ")[1:]
            if hit.document == f"{self.page}.md" and (below[-1] if below else "") == self.section:
                return rank
        return None


async def fill(shelf: Library) -> dict[str, object]:
    """Upload and read every page."""
    pages = sorted(path for path in docs_folder().glob("*.md") if path.stem != "knowledge")
    started = time.perf_counter()
    for path in pages:
        row = await shelf.add(path.read_bytes(), path.name)
        assert row["status"] == "ready", row["errorMessage"]
    base = await shelf.base()
    seconds = round(time.perf_counter() - started, 1)
    return {"pages": len(pages), "passages": base["chunkCount"], "model": base["embeddingModel"], "read_s": seconds}


async def ask(shelf: Library, questions: Sequence[Question], mode: Mode) -> dict[str, object]:
    """Ask everything, several times: recall and the time of a search within the process."""
    ranks: list[int | None] = []
    milliseconds: list[float] = []
    organization_id = str((await shelf.base())["organizationId"])
    for question in [*questions] * TIMES:
        started = time.perf_counter()
        async with shelf.deps.database.transaction(organization_id, read_only=True) as db:
            counted = await repository.base(db, shelf.base_id)
            assert counted is not None
            hits = await search_bases(db, shelf.deps, organization_id, [counted.base], question.ask, DEPTH, mode)
        milliseconds.append(1000 * (time.perf_counter() - started))
        ranks.append(question.rank_in(hits))
    missed = [question.ask for question, rank in zip(questions, ranks, strict=False) if rank is None]
    return {
        "mode": mode,
        "recall_at_1": share(rank == 1 for rank in ranks),
        "recall_at_5": share(rank is not None for rank in ranks),
        "mean_reciprocal_rank": round(statistics.mean(1 / rank if rank else 0.0 for rank in ranks), 3),
        "median_ms": round(statistics.median(milliseconds), 1),
        "p95_ms": round(statistics.quantiles(milliseconds, n=20)[-1], 1),
        "missed": missed,
    }


def share(answers: Iterable[bool]) -> float:
    """The share of true ones."""
    listed = list(answers)
    return round(sum(listed) / len(listed), 3)


async def measure(folder: Path, database_url: str) -> None:
    """Fill a fresh installation and ask in every mode; one JSON object a line."""
    settings = Settings(data_dir=folder, database_url=database_url, master_key=MASTER_KEY, _env_file=None)
    await asyncio.to_thread(upgrade, settings)
    questions = [Question(**entry) for entry in tomllib.loads(QUESTIONS.read_text())["questions"]]
    deps = build_deps(settings)
    async with library(deps, await add_tenant(deps)) as shelf:
        filled = await fill(shelf)
        print(json.dumps({"questions": len(questions), "load_before": os.getloadavg()[0], **filled}))
        for mode in get_args(Mode):
            print(json.dumps(await ask(shelf, questions, mode)))
    await deps.aclose()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--database-url", default="", help="An empty PostgreSQL database; default a scratch SQLite file."
    )
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), parser.parse_args().database_url))


if __name__ == "__main__":
    main()
