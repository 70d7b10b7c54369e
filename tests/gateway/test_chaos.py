"""Some hundred mixed calls against vendors that fail at random; `benchmarks/chaos.py` makes twenty thousand."""

import asyncio
import shutil
from pathlib import Path

import pytest

from speko_core.settings import Settings
from tests.gateway.oneshot_door import MASTER_KEY
from tests.gateway.storm import open_files, storm

REQUESTS, CONNECTIONS, PATIENCE_S = 300, 32, 2.5


@pytest.mark.timeout(60)
async def test_every_call_ends_as_documented_and_nothing_is_left_behind(tmp_path: Path, migrated_sqlite: Path) -> None:
    """ONE-6, ONE-7, RTE-9, RTE-10, MTR-3: whole, refused with causes, or visibly broken off; the books are exact."""
    shutil.copy(migrated_sqlite, tmp_path / "speko.sqlite")
    settings = Settings(data_dir=tmp_path, master_key=MASTER_KEY, _env_file=None)

    files, tasks = open_files(), len(asyncio.all_tasks())
    async with storm(settings, seed=7, patience_s=PATIENCE_S) as scene:
        await scene.rage(REQUESTS, CONNECTIONS)
        assert await scene.settled() == 0
        outcomes = await scene.account()
    assert scene.tally.undocumented == []
    assert scene.tally.late == []
    assert scene.tally.ends["whole"] > REQUESTS / 2
    assert outcomes["hedged"] >= scene.tally.hedged
    assert len(asyncio.all_tasks()) == tasks
    assert open_files() <= files + 2
