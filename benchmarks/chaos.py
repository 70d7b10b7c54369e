"""Mixed one-shot calls against vendors that fail at random: does every one end as documented, and is nothing lost?

Gateway, vendors and callers share one process, so the figures are about endings and not about speed. Prints one JSON
object; exits with 1 when a call ended otherwise, later than documented, or anything was left behind.
"""

import asyncio
import logging
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import orjson

from speko_core.db.migrate import upgrade
from speko_core.settings import Settings
from tests.gateway.oneshot_door import MASTER_KEY
from tests.gateway.storm import open_files, storm

# Callers outlast every documented limit; those that leave early do so by the roll of the dice.
PATIENCE_S = 120.0


async def _rage(settings: Settings, requests: int, connections: int, seed: int) -> dict[str, object]:
    files, tasks = open_files(), len(asyncio.all_tasks())
    async with storm(settings, seed, PATIENCE_S) as scene:
        begun = time.perf_counter()
        await scene.rage(requests, connections)
        seconds = time.perf_counter() - begun
        still_answering, outcomes = await scene.settled(), await scene.account()
    tally = scene.tally
    return {
        "requests": requests,
        "connections": connections,
        "seed": seed,
        "seconds": round(seconds, 1),
        "ends": dict(tally.ends.most_common()),
        "wholeAfterFailover": tally.failed_over,
        "wholeAfterHedging": tally.hedged,
        "slowestSeconds": round(tally.slowest_s, 1),
        "usageRows": dict(outcomes.most_common()),
        "undocumented": tally.undocumented,
        "late": tally.late,
        "leaked": {
            "upstreamAnswers": still_answering,
            "tasks": len(asyncio.all_tasks()) - tasks,
            "fileDescriptors": open_files() - files,
        },
    }


@click.command()
@click.option("--requests", default=20_000, show_default=True, help="How many calls.")
@click.option("--connections", default=64, show_default=True, help="How many at a time.")
@click.option("--seed", default=1, show_default=True, help="Of the dice.")
def main(requests: int, connections: int, seed: int) -> None:
    """Run the storm."""
    # An aborted answer is an exception to the server, which would print every one of them.
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), master_key=MASTER_KEY, _env_file=None)
        upgrade(settings)
        report = asyncio.run(_rage(settings, requests, connections, seed))
    click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    leaked = report["leaked"]
    assert isinstance(leaked, dict)
    sys.exit(1 if report["undocumented"] or report["late"] or any(leaked.values()) else 0)


if __name__ == "__main__":
    main()
