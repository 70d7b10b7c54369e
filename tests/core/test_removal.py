"""Files of what was deleted, under the name of the job of today and of before."""

from collections.abc import AsyncIterator

import pytest

from speko_core.deps import Deps
from speko_core.jobs import KINDS
from speko_core.ports.blobs import BlobMissing
from tests.conftest import on_sqlite

pytestmark = on_sqlite


async def _bytes() -> AsyncIterator[bytes]:
    yield b"words"


@pytest.mark.parametrize("name", ["blobs.remove", "knowledge.remove_files"])
async def test_files_and_folders_are_removed_whenever_the_job_was_queued(deps: Deps, name: str) -> None:
    """OPS-2, ORG-7: an upgrade leaves no queued removal behind."""
    (kind,) = (kind for kind in KINDS if kind.name == name)
    for key in ("recordings/org_1/a", "knowledge/org_1/kb_1/b", "knowledge/org_1/kb_1/c"):
        await deps.blobs.put(key, _bytes(), limit_bytes=100)
    assert await kind.run(deps, {"file": "recordings/org_1/a"}) == {"removed": 1}
    assert await kind.run(deps, {"folder": "knowledge/org_1/kb_1"}) == {"removed": 2}
    with pytest.raises(BlobMissing):
        _ = [piece async for piece in deps.blobs.get("knowledge/org_1/kb_1/b")]
    assert await deps.blobs.size("recordings/org_1/a") is None
