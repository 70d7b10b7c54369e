"""Fixtures of knowledge bases: on both engines, since the search is written twice."""

from collections.abc import AsyncIterator

import pytest

from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.knowledge.kit import MODEL, EmbeddingServer, Library, embedding_server, library


@pytest.fixture
async def embeddings() -> AsyncIterator[EmbeddingServer]:
    async with embedding_server() as server:
        yield server


@pytest.fixture
async def words(deps: Deps, tenant: Tenant) -> AsyncIterator[Library]:
    """Knowledge without an embedding model."""
    async with library(deps, tenant, embeddings_model="none", allow_insecure_webhooks=True) as opened:
        yield opened


@pytest.fixture
async def meanings(deps: Deps, tenant: Tenant, embeddings: EmbeddingServer) -> AsyncIterator[Library]:
    """Knowledge embedded by the server that counts words."""
    async with library(deps, tenant, embeddings_model=MODEL, embeddings_url=embeddings.url) as opened:
        yield opened
