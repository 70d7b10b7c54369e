"""Apps that are named by the address of a document they publish about themselves.

Only where the installation is reached over https: a client that is told this is supported does not register any more,
and an installation without a way out could then let nobody in.
"""

from typing import Protocol

from fastmcp.server.auth.cimd import CIMDDocument, CIMDFetcher, CIMDFetchError, CIMDValidationError

from speko_core.accounts import oauth_clients
from speko_core.accounts.oauth_clients import Client
from speko_core.accounts.oauth_models import CLIENT_ID_LENGTH
from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.types import JsonObject

FETCH_S = 5.0


class Fetcher(Protocol):
    """Fetches a document: https only, the resolved address pinned and public, small, without redirects."""

    async def fetch(self, client_id_url: str) -> CIMDDocument:
        """Fetch and validate one document."""
        ...


class ClientDocuments:
    """Finds apps by their documents; what was fetched is remembered by the fetcher as its headers allow."""

    def __init__(self, deps: Deps, fetcher: Fetcher | None = None, *, enabled: bool | None = None) -> None:
        self._deps = deps
        self._fetcher = fetcher or CIMDFetcher(timeout=FETCH_S)
        self.enabled = deps.settings.base_url.startswith("https://") if enabled is None else enabled

    def names_document(self, client_id: str) -> bool:
        """True when the id is the address of a document that we may fetch."""
        return self.enabled and client_id.startswith("https://") and len(client_id) <= CLIENT_ID_LENGTH

    async def client(self, client_id: str) -> Client | None:
        """The app that publishes this document, or None when it cannot be fetched or says something else."""
        try:
            document = await self._fetcher.fetch(client_id)
            uris = [str(uri) for uri in document.redirect_uris]
            oauth_clients.check_redirects(uris)
        except (CIMDFetchError, CIMDValidationError, InvalidInput):
            return None
        kept: JsonObject = {"redirect_uris": [*uris], "client_name": document.client_name}
        return await oauth_clients.remember(self._deps, client_id, kept, name=document.client_name or "")
