"""The life of documents: uploaded, fetched, typed in; read, failed, read again, interrupted. On SQLite.

What the two databases do differently is in test_search.py.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from speko_core.deps import Deps
from speko_core.knowledge import ingest, sources
from speko_core.types import JsonObject
from tests.conftest import Tenant, with_deps
from tests.knowledge import papers
from tests.knowledge.kit import MODEL, EmbeddingServer, Library, library
from tests.serving import served

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Site:
    """A web server whose next answer a test chooses."""

    url: str = ""
    answer: Callable[[], Response] = field(default=lambda: Response(status_code=404))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    page = Site()

    async def answer(request: Request) -> Response:
        return page.answer()

    async with served(uvicorn.Config(Starlette(routes=[Route("/{path:path}", answer)]), log_config=None)) as url:
        page.url = f"{url}/help/returns.html"
        yield page


async def fetched(words: Library, site: Site) -> JsonObject:
    added = await words.rest.post(f"{words.path}/documents/url", json={"url": site.url, "metadata": {"by": "me"}})
    assert (added.status_code, added.json()["status"]) == (201, "processing")
    await words.work()
    return await words.document(added.json()["id"])


async def test_a_new_agent_has_a_knowledge_base_named_default(words: Library) -> None:
    """AGT-6, wire 34; and an agent's deletion takes its knowledge and its files along."""
    body = {"name": "Second", "systemPrompt": "Hi.", "intent": {"language": "en-US"}}
    agent = (await words.rest.post("/v1/agents", json=body)).json()["id"]
    (base,) = (await words.rest.get("/v1/knowledge-bases", params={"agentId": agent})).json()
    assert (base["name"], base["agentId"], base["documentCount"], base["chunkCount"]) == ("Default", agent, 0, 0)
    words.base_id = base["id"]
    await words.add(papers.MARKDOWN)
    assert (await words.rest.delete(f"/v1/agents/{agent}")).status_code == 200
    await words.work()
    assert (await words.files(), (await words.rest.get(words.path)).status_code) == (0, 404)


async def test_an_upload_is_announced_put_finalized_and_ready(words: Library) -> None:
    """AGT-6, wire 42: rows as the official clients parse them."""
    body = {"filename": "r.md", "contentType": "text/markdown", "sizeBytes": 3, "metadata": {"source": "shop"}}
    created = await words.rest.post(f"{words.path}/documents", json=body)
    assert created.status_code == 201
    row, upload = created.json()["document"], created.json()["upload"]
    assert (row["status"], row["chunkCount"], row["metadata"], row["progress"]) == (
        "pending",
        0,
        {"source": "shop"},
        None,
    )
    assert (upload["method"], upload["expiresInSeconds"]) == ("PUT", 600)
    ready = await words.add(papers.MARKDOWN)
    assert (ready["status"], ready["chunkCount"], ready["errorMessage"]) == ("ready", 2, None)
    assert str(ready["ingestedAt"]).endswith("Z")
    base = await words.base()
    assert (base["documentCount"], base["chunkCount"]) == (2, 2)
    listed = (await words.rest.get(f"{words.path}/documents")).json()
    assert [document["id"] for document in listed] == [row["id"], ready["id"]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"contentType": "image/png"}, "contentType"),
        ({"sizeBytes": 300_000_000}, "sizeBytes"),
        ({"sizeBytes": -1}, "sizeBytes"),
        ({"filename": "a\nb"}, "filename"),
        ({"metadata": {"a": "x" * 9_000}}, "metadata"),
    ],
)
async def test_a_document_that_will_not_be_read_is_refused_at_once(
    change: dict[str, object], says: str, words: Library
) -> None:
    """AGT-6"""
    body = {"filename": "a.txt", "contentType": "text/plain", "sizeBytes": 1, **change}
    answer = await words.rest.post(f"{words.path}/documents", json=body)
    assert (answer.status_code, says in answer.json()["error"]) == (400, True)


async def test_a_document_that_was_not_uploaded_or_is_broken_fails_with_a_sentence(words: Library) -> None:
    """AGT-6: and costs nobody else anything: its neighbour is ready."""
    body = {"filename": "a.txt", "contentType": "text/plain", "sizeBytes": 1}
    created = (await words.rest.post(f"{words.path}/documents", json=body)).json()["document"]["id"]
    assert (await words.rest.post(f"{words.path}/documents/{created}/reingest", json={})).status_code == 409
    await words.rest.post(f"{words.path}/documents/{created}/finalize", json={})
    bomb = await words.upload(papers.docx_bomb(), "bomb.docx", papers.WORD)
    good = await words.add(papers.MARKDOWN)
    failed = [await words.document(document_id) for document_id in (created, bomb)]
    assert [row["status"] for row in failed] == ["failed", "failed"]
    assert "No file was uploaded" in str(failed[0]["errorMessage"])
    assert "unpacks to more" in str(failed[1]["errorMessage"])
    assert good["status"] == "ready"


async def test_a_file_too_large_to_be_read_fails_and_is_not_kept(words: Library) -> None:
    """AGT-6"""
    large = await words.add(b"a" * (sources.MAX_READ_BYTES + 1), "large.txt", "text/plain")
    assert (large["status"], "larger than the 50 MB" in str(large["errorMessage"])) == ("failed", True)
    assert await words.files() == 0


async def test_questions_and_answers_are_found_as_one_passage_each(words: Library) -> None:
    """AGT-6"""
    pairs = [{"question": "Do you ship abroad?", "answer": "To all of Europe."}, {"question": "Why?", "answer": "So."}]
    added = await words.rest.post(f"{words.path}/documents/faq", json={"pairs": pairs})
    assert added.status_code == 201
    await words.work()
    assert (await words.document(added.json()["id"]))["chunkCount"] == 2
    best = (await words.search("shipping abroad"))[0]
    assert (best["document"], best["heading"]) == ("FAQ", "Do you ship abroad?")
    assert "all of Europe" in str(best["text"])


async def test_a_page_is_fetched_read_and_fetched_again(words: Library, site: Site) -> None:
    """AGT-6: through redirects; what has not changed keeps its passages."""
    pages = [RedirectResponse("/elsewhere"), Response(papers.HTML, media_type="text/html")]
    site.answer = lambda: pages.pop(0)
    row = await fetched(words, site)
    assert (row["status"], row["chunkCount"], row["filename"]) == ("ready", 2, "returns.html")
    assert (row["metadata"], row["url"], row["sizeBytes"]) == ({"by": "me"}, site.url, len(papers.HTML))
    before = [hit["chunkId"] for hit in await words.search("goods bank")]
    for content, count in ((papers.HTML, 2), (b"<h1>New</h1><p>Nothing goes back.</p>", 1)):
        site.answer = lambda content=content: Response(content, media_type="text/html")  # type: ignore[misc]
        again = await words.rest.post(f"{words.path}/documents/{row['id']}/reingest", json={})
        assert again.json()["progress"] == {"stage": "reading", "done": 0, "total": 0}
        assert [hit["chunkId"] for hit in await words.search("goods bank")] == before
        await words.work()
        assert (await words.document(str(row["id"])))["chunkCount"] == count
    assert [hit["heading"] for hit in await words.search("goods bank back")] == ["New"]


async def test_a_page_that_cannot_be_fetched_fails_with_a_sentence(words: Library, site: Site) -> None:
    """AGT-6: a passing failure is tried again first; what was read last keeps answering."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"a" * 1_048_576
            await asyncio.sleep(0)  # a server that is not read any more must notice

    site.answer = lambda: Response(papers.MARKDOWN, media_type="text/markdown")
    row = await fetched(words, site)
    for answer, says in (
        (lambda: Response(status_code=404), "status 404"),
        (lambda: RedirectResponse("http://169.254.169.254/latest"), "must not be fetched"),
        (lambda: RedirectResponse("/again"), "redirects too often"),
        (lambda: Response(b"\x89PNG", media_type="image/png"), "a kind that is not read"),
        (lambda: Response(b"x", headers={"content-encoding": "gzip"}), "compresses"),
        (lambda: StreamingResponse(endless(), media_type="text/plain"), "more than the 50 MB"),
    ):
        site.answer = answer
        await words.rest.post(f"{words.path}/documents/{row['id']}/reingest", json={})
        await words.work()
        failed = await words.document(str(row["id"]))
        assert (failed["status"], says in str(failed["errorMessage"])) == ("failed", True), failed["errorMessage"]
    site.answer = lambda: Response(status_code=503)
    await words.rest.post(f"{words.path}/documents/{row['id']}/reingest", json={})
    for pause_s in (0.0, *ingest.RETRIES_S):
        assert (await words.document(str(row["id"])))["status"] == "processing"
        await words.work(pause_s)
    assert "status 503" in str((await words.document(str(row["id"])))["errorMessage"])
    assert (await words.search("refunds"))[0]["heading"] == "Returns > Refunds"


@pytest.mark.parametrize(
    "url", ["http://example.com/a", "https://127.0.0.1/a", "https://user:pw@example.com/", "ftp://x"]
)
async def test_a_url_that_must_not_be_fetched_is_refused(url: str, deps: Deps, tenant: Tenant) -> None:
    """AGT-6: the guard of every user-given URL."""
    async with library(deps, tenant) as opened:
        answer = await opened.rest.post(f"{opened.path}/documents/url", json={"url": url})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (400, "url")


async def test_embedding_shows_its_progress_and_goes_on_where_it_was_interrupted(
    meanings: Library, embeddings: EmbeddingServer
) -> None:
    """AGT-6: what was embedded before the interruption is not embedded again."""
    sections = b"".join(b"# Section %d\n\nText number %d.\n\n" % (number, number) for number in range(150))
    document_id = await meanings.upload(sections)
    embeddings.asked.clear()
    embeddings.breaks_after = 2
    await meanings.work()
    row = await meanings.document(document_id)
    assert (row["status"], row["progress"]) == ("processing", {"stage": "embedding", "done": 128, "total": 150})
    embeddings.breaks_after = None
    await meanings.work(ingest.RETRIES_S[0])
    assert (await meanings.document(document_id))["status"] == "ready"
    assert [len(batch) for batch in embeddings.asked] == [64, 64, 22, 22]
    assert embeddings.asked[0][0] == "Section 0\nText number 0."


async def test_reading_again_embeds_only_what_has_changed(meanings: Library, embeddings: EmbeddingServer) -> None:
    """AGT-6: idempotent."""
    row = await meanings.add(papers.MARKDOWN)
    chunks = {hit["chunkId"] for hit in await meanings.search("refunds")}
    embeddings.asked.clear()
    await meanings.rest.post(f"{meanings.path}/documents/{row['id']}/reingest", json={})
    await meanings.rest.post(f"{meanings.path}/documents/{row['id']}/finalize", json={})
    await meanings.work()
    again = await meanings.document(str(row["id"]))
    assert (again["status"], again["chunkCount"], embeddings.asked) == ("ready", 2, [])
    assert {hit["chunkId"] for hit in await meanings.search("refunds")} == chunks


async def test_a_model_that_stays_away_fails_the_document_and_its_words_are_found(
    meanings: Library, embeddings: EmbeddingServer
) -> None:
    """AGT-6"""
    embeddings.broken = True
    document_id = await meanings.upload(papers.MARKDOWN)
    for pause_s in (0.0, *ingest.RETRIES_S):
        await meanings.work(pause_s)
    row = await meanings.document(document_id)
    assert (row["status"], row["errorMessage"]) == ("failed", "The embedding model answered with status 503.")
    assert (await meanings.search("refunds"))[0]["documentId"] == document_id


async def test_another_model_is_taken_on_request(
    meanings: Library, embeddings: EmbeddingServer, deps: Deps, tenant: Tenant
) -> None:
    """AGT-6: vectors of two models are never compared; `reembed` moves a knowledge base to the configured one."""
    await meanings.add(papers.MARKDOWN)
    embeddings.dimensions = 32
    settings = {"embeddings_model": "another", "embeddings_url": embeddings.url}
    async with library(deps, tenant, **settings) as later:
        later.base_id = meanings.base_id
        assert (await later.base())["embeddingModel"] == MODEL
        assert await later.search("cash", mode="vector") == []
        answer = await later.rest.post(f"{later.path}/reembed", json={})
        assert answer.json()["embeddingModel"] == "another"
        assert (await later.search("refunds"))[0]["heading"] == "Returns > Refunds"
        await later.work()
        assert (await later.search("cash", mode="vector", limit=1))[0]["heading"] == "Returns > Refunds"


async def test_the_key_of_the_embedding_server_is_sent_to_it(
    deps: Deps, tenant: Tenant, embeddings: EmbeddingServer
) -> None:
    """ORG-8"""
    settings = {"embeddings_model": MODEL, "embeddings_url": embeddings.url, "embeddings_key": SecretStr("sk-emb")}
    async with library(deps, tenant, **settings) as opened:
        await opened.add(papers.MARKDOWN)
    assert set(embeddings.keys) == {"Bearer sk-emb"}


async def test_a_vendors_model_is_called_with_the_organizations_key_and_booked(
    deps: Deps, tenant: Tenant, embeddings: EmbeddingServer
) -> None:
    """RTE-8 and MTR-1: the organization's own key carries no charge, the platform's is booked at its list price."""
    settings = {
        "embeddings_model": "openai:text-embedding-3-small",
        "provider_urls": {"openai": embeddings.url},
        "provider_keys": {"openai": SecretStr("sk-platform")},
    }
    async with library(deps, tenant, **settings) as opened:
        await opened.add(papers.MARKDOWN)
        await opened.rest.put("/v1/providers", json={"provider": "openai", "apiKey": "sk-own"})
        await opened.search("refunds")
        opened.clock.advance(60)
        usage = (await opened.rest.get("/v1/usage")).json()
    assert embeddings.keys == ["Bearer sk-platform", "Bearer sk-own"]
    assert usage["totalCost"] == 0.02, usage


async def test_a_document_deleted_while_it_is_read_leaves_nothing(words: Library, site: Site) -> None:
    """AGT-6"""
    added = (await words.rest.post(f"{words.path}/documents/url", json={"url": site.url})).json()["id"]
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"# Returns\n\n"
        reached.set()
        await go_on.wait()
        yield b"Too late.\n"

    site.answer = lambda: StreamingResponse(slow(), media_type="text/markdown")
    reading = asyncio.create_task(words.work())
    await asyncio.wait_for(reached.wait(), 10)
    assert (await words.rest.delete(f"{words.path}/documents/{added}")).json() == {"deleted": True}
    go_on.set()
    await reading
    await words.work()
    assert await words.search("late") == []
    assert (await words.files(), (await words.base())["documentCount"]) == (0, 0)


async def test_a_document_that_is_never_finalized_is_given_up_with_its_file(words: Library) -> None:
    """AGT-6: nothing that nobody asks for is kept."""
    body = {"filename": "a.txt", "contentType": "text/plain", "sizeBytes": 2}
    created = (await words.rest.post(f"{words.path}/documents", json=body)).json()
    upload = created["upload"]
    await words.rest.put(upload["url"], content=b"ab", headers=upload["headers"])
    await words.work(3600 * 23)
    assert (await words.document(created["document"]["id"]))["status"] == "pending"
    await words.work(3600 * 2)
    await words.work()
    row = await words.document(created["document"]["id"])
    assert (row["status"], "within a day" in str(row["errorMessage"])) == ("failed", True)
    assert await words.files() == 0


class DyingBlobs:
    """A store in whose midst the process is stopped."""

    async def size(self, key: str) -> int | None:
        raise asyncio.CancelledError


async def test_a_run_that_is_interrupted_again_and_again_ends(words: Library, tenant: Tenant) -> None:
    """AGT-6: a document that takes its reader down with it is not read for ever."""
    document_id = await words.upload(papers.MARKDOWN)
    dying = with_deps(words.deps, blobs=DyingBlobs())
    args: JsonObject = {"organizationId": tenant.organization_id, "documentId": document_id, "run": 1, "key": "k"}
    for _ in range(ingest.MAX_STARTS):
        with pytest.raises(asyncio.CancelledError):
            await ingest.ingest(dying, args)
    assert (await words.document(document_id))["status"] == "processing"
    await words.work()
    row = await words.document(document_id)
    assert (row["status"], "interrupted again and again" in str(row["errorMessage"])) == ("failed", True)
