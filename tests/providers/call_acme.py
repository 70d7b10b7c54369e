"""Run in a process of its own, with a copy of the product in which Acme was added: one call, answered as JSON."""

import asyncio
import sys
from pathlib import Path

import orjson
from pydantic import SecretStr

from speko_core.db.migrate import upgrade
from speko_core.deps import build_deps
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, add_tenant, rest_client
from tests.fakes.vendors.openai_llm import FakeSelfHosted


class FakeAcme(FakeSelfHosted):
    """OpenAI's wire with the older names."""

    vendor = "acme"


async def call(settings: Settings, fake: FakeAcme) -> dict[str, object]:
    """Ask over REST with a live key."""
    deps = build_deps(settings)
    tenant = await add_tenant(deps)
    async with rest_client(deps, tenant.key) as client:
        body = {"messages": [{"role": "user", "content": "Hi"}], "intent": {"language": "en"}}
        answer = await client.post("/v1/complete", json=body, headers={"Accept": "application/json"})
        known = (await client.get("/v1/providers/known")).json()["llm"]
    await deps.aclose()
    return {
        "answer": answer.json(),
        "available": [row["id"] for row in known if row["available"]],
        "authorization": [seen.headers["authorization"] for seen in fake.seen],
    }


async def main(folder: Path) -> None:
    """Serve Acme, start on an empty database, call."""
    async with FakeAcme().serving() as fake:
        settings = Settings(
            data_dir=folder,
            master_key=MASTER_KEY,
            provider_keys={"acme": SecretStr("acme-key")},
            provider_urls={"acme": fake.base_url},
            _env_file=None,
        )
        await asyncio.to_thread(upgrade, settings)
        sys.stdout.write(orjson.dumps(await call(settings, fake)).decode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
