"""Running a benchmark: every candidate gets every item, interleaved in a shuffled and seeded order.

An item goes through all candidates before it is done, so they meet the same minute of the network and of the machine.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from speko_core.bench.items import Item
from speko_core.bench.measured import Measure, Sample
from speko_core.bench.targets import Target
from speko_core.providers.base import ProviderError

log = logging.getLogger("speko.bench")

OnSample = Callable[[Sample], None]
Turn = tuple[int, int, tuple[int, ...]]


@dataclass(frozen=True)
class Plan:
    """How to run: how often each item, how many items at a time, and the seed of every shuffle."""

    repeats: int = 1
    concurrency: int = 1
    seed: int = 1


def turns(items: int, candidates: int, plan: Plan) -> list[Turn]:
    """The repeat, the item, and the candidates in the order in which they get it. Equal plans give equal turns."""
    order = random.Random(plan.seed)  # noqa: S311 - an order, not a secret
    found: list[Turn] = []
    for repeat in range(plan.repeats):
        for item in order.sample(range(items), items):
            found.append((repeat, item, tuple(order.sample(range(candidates), candidates))))
    return found


async def warm_up(targets: Sequence[Target], item: Item, measure: Measure) -> dict[str, float | None]:
    """One call each that is not counted, so that connections and models are ready; its latency in ms by candidate.

    None where it failed; the counted calls will tell why.
    """
    found: dict[str, float | None] = {}
    for target in targets:
        sample = await _sample(target, item, measure, (0, 0))
        found[target.id] = sample.answer.waited_ms if sample.answer else None
    return found


async def run(
    items: Sequence[Item], targets: Sequence[Target], measure: Measure, plan: Plan, on_sample: OnSample
) -> None:
    """Make all measurements; each is handed over as it is made, so that a cancelled run keeps them."""
    waiting = iter(turns(len(items), len(targets), plan))

    async def work() -> None:
        for repeat, item, order in waiting:
            for place in order:
                on_sample(await _sample(targets[place], items[item], measure, (item, repeat)))

    async with asyncio.TaskGroup() as group:
        for _ in range(plan.concurrency):
            group.create_task(work())


async def _sample(target: Target, item: Item, measure: Measure, place: tuple[int, int]) -> Sample:
    try:
        return Sample(target.id, *place, answer=await measure.call(target, item))
    except ProviderError as error:
        log.info(
            "a measured call failed",
            extra={"provider": target.id, "kind": str(error.kind), "upstream_status": error.status},
        )
        return Sample(target.id, *place, failure=error.kind)
