"""The second start of an installation."""

from pathlib import Path

import pytest

from tests.e2e.running_product import running_product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def test_the_second_start_shows_no_keys_and_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    """OPS-1: what was shown once stays hidden; what was started is stopped."""
    async with running_product(tmp_path) as first:
        agents = await first.command("agents", "list", "--json")
        everyone = first.pids()
        assert len(everyone) >= 4
    assert not set(everyone) & set(first.pids())
    async with running_product(tmp_path) as second:
        assert not {"test_key", "live_key", "sign_in"} & set(second.links)
        assert (await second.command("agents", "list", "--json"))[1] == agents[1]
    assert second.pids() == []
