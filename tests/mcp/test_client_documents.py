"""Apps that are named by the address of a document they publish (the fetch itself is the framework's, and pinned)."""

import pytest
from fastmcp.server.auth.cimd import CIMDDocument, CIMDFetchError

from speko_core.deps import Deps
from speko_mcp.oauth.documents import ClientDocuments
from speko_mcp.oauth.provider import SpekoAuth

ADDRESS = "https://agent.example/oauth/client.json"


class Published:
    """A fetcher with the documents of one small web."""

    def __init__(self, **documents: list[str]) -> None:
        self._documents = {ADDRESS: documents.get("redirect_uris")} if documents else {}

    async def fetch(self, client_id_url: str) -> CIMDDocument:
        """The document, or the error of a page that is not there."""
        uris = self._documents.get(client_id_url)
        if uris is None:
            raise CIMDFetchError("not there")
        return CIMDDocument.model_validate(
            {"client_id": client_id_url, "client_name": "Published agent", "redirect_uris": uris}
        )


def auth_with(deps: Deps, published: Published, *, enabled: bool = True) -> SpekoAuth:
    return SpekoAuth(deps, ClientDocuments(deps, published, enabled=enabled))


async def test_an_app_is_known_by_its_document(deps: Deps) -> None:
    """MCP-1"""
    app = await auth_with(deps, Published(redirect_uris=["http://localhost/callback"])).get_client(ADDRESS)
    assert app is not None
    assert (app.client_id, app.client_name, app.token_endpoint_auth_method) == (ADDRESS, "Published agent", "none")


@pytest.mark.parametrize(
    "published", [Published(), Published(redirect_uris=["http://evil.example/cb"])], ids=["absent", "dangerous"]
)
async def test_a_document_that_is_missing_or_dangerous_is_no_app(deps: Deps, published: Published) -> None:
    """MCP-1"""
    assert await auth_with(deps, published).get_client(ADDRESS) is None


async def test_without_https_nothing_is_fetched(deps: Deps) -> None:
    """MCP-1: an installation without a way out must not offer what needs one."""
    published = Published(redirect_uris=["http://localhost/callback"])
    assert await auth_with(deps, published, enabled=False).get_client(ADDRESS) is None
    assert ClientDocuments(deps).enabled is False
