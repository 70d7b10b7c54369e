"""Embeddings over HTTP, from any server with OpenAI's `/embeddings`: texts in, vectors and a count of tokens out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import orjson
from pydantic import BaseModel, ValidationError

from speko_core.knowledge.embedding.failure import EmbeddingFailed

if TYPE_CHECKING:
    from speko_core.knowledge.embedding.minilm import Matrix

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
MAX_ANSWER_BYTES = 32 * 1_048_576


class _Item(BaseModel):
    index: int
    embedding: list[float]


class _Usage(BaseModel):
    prompt_tokens: int = 0


class _Answer(BaseModel):
    data: list[_Item]
    usage: _Usage = _Usage()


@dataclass(frozen=True)
class Endpoint:
    """Where a model is, and the key that opens it."""

    base_url: str
    model: str
    key: str


async def embed(client: httpx.AsyncClient, endpoint: Endpoint, texts: Sequence[str]) -> "tuple[Matrix, int]":
    """One row of unit length a text, and the tokens that were read.

    Raises:
        EmbeddingFailed: the server is away, refuses, or answers something else.
    """
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    body = {"model": endpoint.model, "input": list(texts), "encoding_format": "float"}
    try:
        answer = await client.post(
            f"{endpoint.base_url}/embeddings",
            content=orjson.dumps(body),
            headers={**headers, "Content-Type": "application/json"},
        )
    except httpx.TransportError as error:
        raise EmbeddingFailed(f"The embedding model cannot be reached ({type(error).__name__}).") from None
    if answer.status_code != 200 or len(answer.content) > MAX_ANSWER_BYTES:
        raise EmbeddingFailed(f"The embedding model answered with status {answer.status_code}.")
    try:
        parsed = _Answer.model_validate_json(answer.content)
    except ValidationError:
        raise EmbeddingFailed("The embedding model answered with something else than embeddings.") from None
    return _rows(parsed, len(texts)), parsed.usage.prompt_tokens


def _rows(answer: _Answer, count: int) -> "Matrix":
    import numpy as np

    ordered = sorted(answer.data, key=lambda item: item.index)
    if [item.index for item in ordered] != list(range(count)) or len({len(item.embedding) for item in ordered}) != 1:
        raise EmbeddingFailed("The embedding model answered with another number of embeddings than asked.")
    rows = np.array([item.embedding for item in ordered], np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(rows).all() or not lengths.all():
        raise EmbeddingFailed("The embedding model answered with vectors that cannot be compared.")
    unit: Matrix = rows / lengths
    return unit
