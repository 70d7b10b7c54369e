"""The one-shot doors over scripted providers, with keys that are already known."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from speko_core.accounts import keys
from speko_core.accounts.models import Organization
from speko_core.deps import Deps, build_deps
from speko_core.principal import ALL_SCOPES, Mode, Principal
from speko_core.settings import Settings
from tests.conftest import rest_client
from tests.fakes.scripted_providers import Cast
from tests.twins import MovedClock

MASTER_KEY = "c3Bla28tdGVzdC1tYXN0ZXIta2V5LTMyLWJ5dGVzISE="
JSON = {"Accept": "application/json"}


@pytest.fixture
async def bare_deps(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Deps]:
    """Real ports and one organization; the clock stands still, so known keys stay known."""
    shutil.copy(migrated_sqlite, tmp_path / "speko.sqlite")
    built = build_deps(Settings(data_dir=tmp_path, master_key=MASTER_KEY, _env_file=None))
    now = built.clock.now()
    async with built.database.transaction("org_1") as db:
        db.add(Organization(id="org_1", name="Acme", created_at=now, updated_at=now))
    yield replace(built, clock=MovedClock())
    await built.aclose()


def with_cast(deps: Deps, scripted: Cast) -> Deps:
    """The same process with scripted providers."""
    return replace(deps, providers=scripted.registry)


def known_key(deps: Deps, mode: Mode = "live", scopes: frozenset[str] = ALL_SCOPES) -> str:
    """A key that authenticates from the cache."""
    raw = keys.mint(mode)
    principal = Principal("api_key", "key_1", "org_1", scopes, mode)
    deps.key_cache.put(deps.secrets.digest(raw), principal, deps.clock.monotonic())
    return raw


def door(deps: Deps, scripted: Cast, mode: Mode = "live") -> httpx.AsyncClient:
    """The REST door with a known key."""
    return rest_client(with_cast(deps, scripted), known_key(deps, mode))


def events(content: bytes) -> list[tuple[str, str]]:
    """Name and data of each event; comments left out."""
    frames = [frame for frame in content.decode().split("\n\n") if frame and not frame.startswith(":")]
    split = [frame.split("\n") for frame in frames]
    assert all(len(lines) == 2 for lines in split)
    return [(name.removeprefix("event: "), data.removeprefix("data: ")) for name, data in split]


def program_of(page: str) -> str:
    """The first Python program of a page in `docs/`."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    return text.partition("```python\n")[2].partition("```")[0]
