"""The pet shop of the guide on tool calling: a customer's endpoint that verifies signatures, and may misbehave."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from speko_core.deps import Deps, build_deps
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, Tenant, add_tenant, rest_client

SECRET = "0123456789abcdef0123456789abcdef"
PETS = {
    "luna": {"name": "Luna", "species": "corgi", "age": 3, "status": "available"},
    "max": {"name": "Max", "species": "tabby cat", "age": 5, "status": "available"},
}
LOOKUP_PET = {
    "name": "lookup_pet",
    "description": "Look up a pet by name. ALWAYS call this when the user asks about a specific pet.",
    "parameters": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "description": "First name of the pet."}},
    },
}
PROMPT = (
    "You are a brief, friendly assistant. When the user asks about a specific pet by name, "
    "IMMEDIATELY call lookup_pet — never make up information."
)
Reply = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


@dataclass
class PetShop:
    """The customer's endpoint: verifies with the stock library, answers as the guide's does, or misbehaves."""

    url: str = ""
    reply: Reply | None = None
    bodies: list[object] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            sent = (line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            headers = {name.lower(): value for name, value in sent}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            await self._answer(writer, headers, body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, headers: dict[str, str], body: bytes) -> None:
        try:
            Webhook(SECRET).verify(body, headers)
        except WebhookVerificationError:
            self.refused += 1
            writer.write(respond(401, b"signature mismatch"))
            return
        self.bodies.append(json.loads(body))
        self.ids.append(headers["webhook-id"])
        self.headers.append(headers)
        if self.reply is not None:
            await self.reply(writer, body)
            return
        pet = PETS.get(str(json.loads(body).get("name", "")).lower().strip())
        found = respond(200, json.dumps(pet).encode()) if pet else respond(404, b'{"error": "Pet not found"}')
        writer.write(found)


def respond(status: int, body: bytes, length: int | None = None) -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length or len(body)}\r\n"
    return head.encode() + b"connection: close\r\n\r\n" + body


@asynccontextmanager
async def pet_shop() -> AsyncIterator[PetShop]:
    shop = PetShop()
    server = await asyncio.start_server(shop.serve, "127.0.0.1", 0)
    shop.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/lookup"
    try:
        yield shop
    finally:
        server.close()


@pytest.fixture
async def guide_deps(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Deps]:
    """A development installation: endpoints may be on this machine and without a certificate."""
    shutil.copy(migrated_sqlite, tmp_path / "speko.sqlite")
    built = build_deps(Settings(data_dir=tmp_path, master_key=MASTER_KEY, allow_insecure_webhooks=True, _env_file=None))
    yield built
    await built.aclose()


@pytest.fixture
async def tenant(guide_deps: Deps) -> Tenant:
    return await add_tenant(guide_deps)


@pytest.fixture
async def shop() -> AsyncIterator[PetShop]:
    async with pet_shop() as running:
        yield running


@pytest.fixture
async def rest(guide_deps: Deps, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with rest_client(guide_deps, tenant.test_key) as client:
        yield client


async def register(rest: httpx.AsyncClient, tenant: Tenant, shop: PetShop, **source: object) -> dict[str, object]:
    """Step 2: register the tool; then what `listChatTools` makes of the list."""
    made = await rest.post(
        f"/v1/agents/{tenant.agent_id}/tools",
        json={**LOOKUP_PET, "source": {"kind": "webhook", "url": shop.url, "secret": SECRET, **source}},
    )
    assert made.status_code == 201, made.text
    (row,) = (await rest.get(f"/v1/agents/{tenant.agent_id}/tools")).json()
    names = ("name", "description", "parameters", "source", "preToolSpeech")
    return {**{name: row[name] for name in names}, "executionMode": row["source"]["kind"]}
