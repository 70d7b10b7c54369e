"""A gateway whose only providers are the fakes of the realtime vendors."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from speko_core.deps import build_deps
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, add_tenant
from tests.fakes.vendors.google_live import FakeGeminiLive
from tests.fakes.vendors.openai_realtime import FakeInworldRealtime, FakeOpenAiRealtime, FakeXaiRealtime
from tests.fakes.vendors.realtime_script import LOUD
from tests.realtime.kit import House, serving

FakeRealtime = FakeOpenAiRealtime | FakeGeminiLive
FAKES: dict[str, Callable[[], FakeRealtime]] = {
    "openai": FakeOpenAiRealtime,
    "google": FakeGeminiLive,
    "xai": FakeXaiRealtime,
    "inworld": FakeInworldRealtime,
}
_PATHS = {"openai": "/v1", "xai": "/v1"}
# Half a second of speech, and a pause, at 24 kHz.
QUESTION = (LOUD * 12_000, *[bytes(1_920)] * 10)


@asynccontextmanager
async def house_of(
    folder: Path, database: Path, *vendors: str, **settings: Any
) -> AsyncIterator[tuple[House, dict[str, Any]]]:
    """A served gateway, and its vendors by name."""
    shutil.copy(database, folder / "speko.sqlite")
    async with AsyncExitStack() as stack:
        fakes = {name: await stack.enter_async_context(FAKES[name]().serving()) for name in vendors}
        chosen = Settings(
            data_dir=folder,
            master_key=MASTER_KEY,
            provider_keys={name: SecretStr(fake.key) for name, fake in fakes.items()},
            provider_urls={name: fake.url + _PATHS.get(name, "") for name, fake in fakes.items()},
            _env_file=None,
            **settings,
        )
        deps = build_deps(chosen)
        stack.push_async_callback(deps.aclose)
        tenant = await add_tenant(deps)
        yield await stack.enter_async_context(serving(deps, tenant)), fakes
