"""Searching knowledge: words, meaning, both, and what must never be found. On both engines."""

from typing import cast

from speko_core.deps import Deps
from speko_core.knowledge.search import fused, search
from tests.conftest import Tenant, rest_client
from tests.knowledge import papers
from tests.knowledge.kit import EmbeddingServer, Library, library

OTHER = b"# Opening hours\n\nWe open at nine.\n\n# Parking\n\nThe yard has twelve places.\n"


async def test_words_find_a_passage_with_its_citation(words: Library) -> None:
    """AGT-6: document, heading, page and passage id."""
    document = await words.add(papers.MARKDOWN, "returns.md")
    await words.add(OTHER, "hours.md")
    best = (await words.search("When is a refund paid?"))[0]
    assert (best["document"], best["heading"], best["page"]) == ("returns.md", "Returns > Refunds", None)
    assert best["documentId"] == document["id"]
    assert str(best["chunkId"]).startswith(str(document["id"]))
    assert "five working days" in str(best["text"])
    assert (await words.base())["embeddingModel"] == "full-text"


async def test_a_page_of_a_pdf_is_cited(words: Library) -> None:
    """AGT-6"""
    await words.add(papers.pdf("Goods go back in 30 days.", "Refunds take five days."), "r.pdf", "application/pdf")
    best = (await words.search("refunds"))[0]
    assert (best["page"], best["heading"]) == (2, "Chapter 2")


async def test_meaning_finds_what_words_do_not(meanings: Library, embeddings: EmbeddingServer) -> None:
    """AGT-6: hybrid is both; each can be asked for alone."""
    await meanings.add(papers.MARKDOWN)
    await meanings.add(OTHER)
    assert await meanings.search("cash", mode="text") == []
    found = await meanings.search("cash", mode="vector", limit=1)
    assert found[0]["heading"] == "Returns > Refunds"
    assert (await meanings.search("cash"))[0]["chunkId"] == found[0]["chunkId"]
    assert (await meanings.search("twelve places"))[0]["heading"] == "Parking"
    assert (await meanings.base())["embeddingModel"] == "counting-words"


async def test_a_model_that_is_away_costs_the_meaning_not_the_answer(
    meanings: Library, embeddings: EmbeddingServer
) -> None:
    """AGT-6"""
    await meanings.add(papers.MARKDOWN)
    embeddings.broken = True
    assert (await meanings.search("working days"))[0]["heading"] == "Returns > Refunds"
    assert await meanings.search("working days", mode="vector") == []


async def test_no_query_is_a_syntax_error(words: Library) -> None:
    """AGT-6: what callers say is words, never a query language."""
    await words.add(papers.MARKDOWN)
    strange = ['"', "a AND (b OR", "NEAR/3 *", "body:refunds", "refunds:*!&|<->", "'; DROP", "\\", "%_", "a_b", "的"]
    for query in strange:
        await words.search(query)


async def test_an_agent_finds_its_own_knowledge_alone(words: Library, deps: Deps, tenant: Tenant) -> None:
    """ORG-1 and AGT-6: neither another agent's nor another organization's passages are found or ranked."""
    await words.add(papers.MARKDOWN)
    created = await words.rest.post(
        "/v1/agents", json={"name": "Second", "systemPrompt": "Hi.", "intent": {"language": "en-US"}}
    )
    second = cast(str, created.json()["id"])
    async with deps.database.transaction(tenant.organization_id, read_only=True) as db:
        mine = await search(db, words.deps, tenant.organization_id, tenant.agent_id, "refunds", 5)
        theirs = await search(db, words.deps, tenant.organization_id, second, "refunds", 5)
    assert [hit.heading for hit in mine] == ["Returns > Refunds"]
    assert theirs == []


async def test_another_organization_finds_nothing(words: Library, deps: Deps, other_tenant: Tenant) -> None:
    """ORG-1"""
    await words.add(papers.MARKDOWN)
    async with library(deps, other_tenant, embeddings_model="none") as others:
        assert await others.search("refunds") == []
    async with rest_client(words.deps, other_tenant.key) as client:
        assert (await client.post(f"{words.path}/search", json={"query": "refunds"})).status_code == 404


async def test_what_is_deleted_is_not_found(words: Library, deps: Deps) -> None:
    """AGT-6: passages go with their document, files with the next work of the jobs."""
    first = await words.add(papers.MARKDOWN)
    second = await words.add(papers.MARKDOWN)
    assert await words.files() == 2
    await words.rest.delete(f"{words.path}/documents/{first['id']}")
    assert {hit["documentId"] for hit in await words.search("refunds")} == {second["id"]}
    assert (await words.base())["chunkCount"] == 2
    await words.work()
    assert await words.files() == 1
    assert (await words.rest.delete(words.path)).json() == {"deleted": True}
    await words.work()
    assert await words.files() == 0
    assert (await words.rest.get(words.path)).status_code == 404


def test_what_two_lists_rank_well_comes_before_what_one_ranks_best() -> None:
    """AGT-6: reciprocal rank fusion."""
    scores = fused([[1, 2, 3], [4, 2]])
    assert max(scores, key=lambda number: scores[number]) == 2
    assert scores[1] == scores[4] > scores[3]
