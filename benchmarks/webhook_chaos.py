"""Webhook chaos: 2,000 deliveries to endpoints that refuse 30 % of the requests, the jobs process killed ten times.

`python benchmarks/webhook_chaos.py [--postgres URL]` emits them while a real jobs process delivers, kills that with
SIGKILL ten times, and prints what arrived: one JSON object. It fails where a promise was broken.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from speko_core.db.migrate import upgrade
from speko_core.deps import build_deps
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, add_tenant
from tests.e2e.webhook_storm import Storm, as_json, weather

STORM = Storm(endpoints=4, calls=50, events=10, kills=10)


async def main(folder: Path, database_url: str) -> None:
    """One storm on an empty database."""
    settings = Settings(data_dir=folder, database_url=database_url, master_key=MASTER_KEY, _env_file=None)
    upgrade(settings)
    deps = build_deps(settings)
    try:
        tenant = await add_tenant(deps)
        figures = await weather(deps, tenant.organization_id, STORM)
    finally:
        await deps.aclose()
    print(as_json(figures))
    figures.assert_kept(STORM)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", default="", help="URL of an empty database; default a SQLite file")
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(main(Path(temporary), parser.parse_args().postgres))
