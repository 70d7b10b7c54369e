"""The organization's settings, over both doors."""

from collections.abc import AsyncIterator

import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.doors.doors import Door, open_door


@pytest.fixture(params=["rest", "mcp"])
async def door(request: pytest.FixtureRequest, deps: Deps, tenant: Tenant) -> AsyncIterator[Door]:
    async with open_door(request.param, deps, tenant.key) as opened:
        yield opened


async def test_recording_is_on_until_hipaa_mode_switches_it_off_and_locks_it(door: Door) -> None:
    """ORG-6"""
    assert (await door.call("organization.get")).value["recordingEnabled"] is True
    locked = (await door.call("organization.update", hipaaMode=True)).value
    assert (locked["hipaaMode"], locked["recordingEnabled"]) == (True, False)
    assert (await door.call("organization.update", recordingEnabled=True)).code == "RECORDING_LOCKED"
    left = (await door.call("organization.update", hipaaMode=False)).value
    assert (left["hipaaMode"], left["recordingEnabled"]) == (False, False)
    assert (await door.call("organization.update", recordingEnabled=True)).value["recordingEnabled"] is True
    both = await door.call("organization.update", hipaaMode=True, recordingEnabled=True)
    assert both.code == "RECORDING_LOCKED"
    assert (await door.call("organization.get")).value["hipaaMode"] is False


async def test_retention_is_set_for_calls_recordings_and_transcripts_and_null_clears(door: Door) -> None:
    """ORG-6"""
    days = {"retentionDays": 30, "recordingRetentionDays": 7, "transcriptRetentionDays": 14}
    shown = (await door.call("organization.update", **days, name="Acme Ltd")).value
    assert {name: shown[name] for name in days} == days
    cleared = (await door.call("organization.update", recordingRetentionDays=None)).value
    assert (cleared["recordingRetentionDays"], cleared["retentionDays"]) == (None, 30)
    assert (await door.call("organization.update", retentionDays=0)).code == "VALIDATION_ERROR"
    assert (await door.call("organization.update", name=None)).code == "VALIDATION_ERROR"
