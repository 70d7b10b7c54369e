"""The embedding models of one process: which one new documents meet, and what is loaded of them."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx

from speko_core.knowledge.embedding.installed import LOCAL, folder
from speko_core.settings import Settings

if TYPE_CHECKING:
    from speko_core.knowledge.embedding.minilm import Matrix, MiniLm

# What a knowledge base says that has no model: it is searched by its words.
FULL_TEXT = "full-text"


class Embedders:
    """The local model, loaded at first use, and the connections to remote ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local: MiniLm | None = None
        # The model blocks a processor while it runs: one call at a time leaves the others to the rest.
        self._turn = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    @property
    def configured(self) -> str:
        """The model that documents are embedded with from now on, or `full-text`."""
        name = self._settings.embeddings_model
        if name == "auto":
            return LOCAL if folder() is not None else FULL_TEXT
        return {"none": FULL_TEXT, "local": LOCAL}.get(name, name)

    @property
    def client(self) -> httpx.AsyncClient:
        """Connections to embedding servers, which the operator chose."""
        if self._client is None:
            from speko_core.knowledge.embedding.remote import TIMEOUT

            self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        return self._client

    async def local(self, texts: Sequence[str]) -> "Matrix":
        """Embed with the local model.

        Raises:
            EmbeddingFailed: it is not installed, or its files are not the right ones.
        """
        async with self._turn:
            return await asyncio.to_thread(self._embed, texts)

    def _embed(self, texts: Sequence[str]) -> "Matrix":
        from speko_core.knowledge.embedding.failure import EmbeddingFailed
        from speko_core.knowledge.embedding.minilm import MiniLm, WrongModel

        if self._local is None:
            where = folder()
            if where is None:
                raise EmbeddingFailed("The local embedding model is not installed.")
            try:
                self._local = MiniLm(where)
            except (WrongModel, OSError):
                raise EmbeddingFailed("The local embedding model is damaged.") from None
        return self._local.embed(texts)

    async def aclose(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()
