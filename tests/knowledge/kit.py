"""An installation whose documents are read when a test says so, and an embedding server that counts words."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from speko_core.adapters.blob_urls import GatewayUrls
from speko_core.adapters.inline_jobs import InlineJobs
from speko_core.adapters.obstore_blobs import FolderBlobs
from speko_core.deps import Deps
from speko_core.jobs import KINDS
from speko_core.knowledge.embedding.embedders import Embedders
from speko_core.knowledge.matching import words_of
from speko_core.outbound.client import GuardedTransport, guarded_client
from speko_core.types import JsonObject
from tests.conftest import Tenant, rest_client, with_deps
from tests.serving import served
from tests.twins import MovedClock

MODEL = "counting-words"
DIMENSIONS = 64
# Words that this model takes for one: what full text alone cannot find.
MEANINGS = {"money": "refund", "cash": "refund", "refunds": "refund"}


@dataclass
class EmbeddingServer:
    """OpenAI's `/embeddings` with vectors of word counts. `broken` answers 503, and `breaks_after`
    so many batches; `asked` keeps every batch."""

    url: str = ""
    broken: bool = False
    breaks_after: int | None = None
    dimensions: int = DIMENSIONS
    asked: list[list[str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body["input"])
        self.keys.append(request.headers.get("authorization", ""))
        if self.broken or (self.breaks_after is not None and len(self.asked) > self.breaks_after):
            return JSONResponse({"error": "overloaded"}, 503)
        data = [
            {"object": "embedding", "index": at, "embedding": self._vector(text)}
            for at, text in reversed(list(enumerate(body["input"])))
        ]
        return JSONResponse({"data": data, "model": body["model"], "usage": {"prompt_tokens": 1_000_000}})

    def _vector(self, text: str) -> list[float]:
        vector = [0.001] * self.dimensions
        for word in words_of(text):
            digest = hashlib.sha256(MEANINGS.get(word, word).encode()).digest()
            vector[digest[0] % self.dimensions] += 1.0
        return vector


@asynccontextmanager
async def embedding_server() -> AsyncIterator[EmbeddingServer]:
    server = EmbeddingServer()
    app = Starlette(routes=[Route("/v1/embeddings", server.answer, methods=["POST"])])
    async with served(uvicorn.Config(app, log_config=None, lifespan="off")) as url:
        server.url = f"{url}/v1"
        yield server


@dataclass
class Library:
    """An organization's knowledge over REST; `work` runs the jobs that are due."""

    deps: Deps
    clock: MovedClock
    jobs: InlineJobs
    rest: httpx.AsyncClient
    base_id: str = ""

    @property
    def path(self) -> str:
        return f"/v1/knowledge-bases/{self.base_id}"

    async def upload(self, content: bytes, filename: str = "a.md", content_type: str = "text/markdown") -> str:
        """Create, PUT and finalize; the document's id."""
        body = {"filename": filename, "contentType": content_type, "sizeBytes": len(content)}
        created = (await self.rest.post(f"{self.path}/documents", json=body)).json()
        upload = created["upload"]
        # The signed URL is the only credential.
        request = self.rest.build_request(upload["method"], upload["url"], content=content, headers=upload["headers"])
        del request.headers["authorization"]
        assert (await self.rest.send(request)).status_code < 400
        document_id = str(created["document"]["id"])
        finalized = await self.rest.post(f"{self.path}/documents/{document_id}/finalize", json={})
        assert finalized.json()["status"] == "processing"
        return document_id

    async def add(self, content: bytes, filename: str = "a.md", content_type: str = "text/markdown") -> JsonObject:
        """Upload a document and have it read."""
        document_id = await self.upload(content, filename, content_type)
        await self.work()
        return await self.document(document_id)

    async def work(self, seconds: float = 0.0) -> None:
        self.clock.advance(seconds)
        await self.jobs.run_due(self.deps)

    async def document(self, document_id: str) -> JsonObject:
        answer = await self.rest.get(f"{self.path}/documents/{document_id}")
        row: JsonObject = answer.json()
        return row

    async def base(self) -> JsonObject:
        row: JsonObject = (await self.rest.get(self.path)).json()
        return row

    async def search(self, query: str, **options: object) -> list[dict[str, object]]:
        answer = await self.rest.post(f"{self.path}/search", json={"query": query, **options})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, object]] = answer.json()["results"]
        return found

    async def files(self) -> int:
        """How many files are stored."""
        folder = self.deps.settings.data_dir / "blobs" / "knowledge"
        return sum(1 for path in folder.rglob("*") if path.is_file())


@asynccontextmanager
async def library(deps: Deps, tenant: Tenant, **settings: object) -> AsyncIterator[Library]:
    """The tenant's knowledge in a new knowledge base, with these settings."""
    clock = MovedClock(deps.clock.now())
    jobs = InlineJobs(KINDS, clock)
    changed = deps.settings.model_copy(update=settings)
    embedders = Embedders(changed)
    # Signed URLs are minted and read on the same clock.
    blobs = FolderBlobs(changed.data_dir / "blobs", GatewayUrls(changed.base_url, deps.secrets, clock))
    outbound = guarded_client(GuardedTransport(allow_insecure=changed.allow_insecure_webhooks))
    ports = {"jobs": jobs, "embedders": embedders, "blobs": blobs, "outbound": outbound}
    moved = with_deps(deps, settings=changed, clock=clock, **ports)
    async with rest_client(moved, tenant.key) as rest:
        created = await rest.post("/v1/knowledge-bases", json={"agentId": tenant.agent_id, "name": "Shop"})
        yield Library(moved, clock, jobs, rest, created.json()["id"])
    await embedders.aclose()
    await outbound.aclose()
