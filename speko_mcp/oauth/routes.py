"""The routes of the authorization server and the documents that describe it.

Every URL is the settings' base URL, letter by letter: clients compare issuers as strings.
"""

from mcp.server.auth.handlers.metadata import MetadataHandler, ProtectedResourceMetadataHandler
from mcp.server.auth.middleware.client_auth import ClientAuthenticator
from mcp.server.auth.routes import cors_middleware
from mcp.server.transport_security import RequestBodyLimitMiddleware
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata
from starlette.routing import Route

from speko_core.accounts.oauth import DEFAULT_SCOPES
from speko_core.deps import Deps
from speko_mcp.oauth.handlers import Authorization, Registration, Revocation, Token
from speko_mcp.oauth.ports import ResourceServer

CONSENT_PATH = "/oauth/consent"
MAX_BODY_BYTES = 16_384


def build(provider: ResourceServer, deps: Deps, *, documents_supported: bool) -> list[Route]:
    """Well-known documents with their aliases, and the four endpoints."""
    base_url = deps.settings.base_url
    about_us = MetadataHandler(server_metadata(base_url, documents_supported=documents_supported))
    about_mcp = ProtectedResourceMetadataHandler(resource_metadata(base_url, provider.resource))
    authenticator = ClientAuthenticator(provider)
    consent = f"{base_url}{CONSENT_PATH}"
    return [
        _document("/.well-known/oauth-authorization-server", about_us),
        _document("/.well-known/openid-configuration", about_us),
        _document("/.well-known/oauth-protected-resource/mcp", about_mcp),
        _document("/.well-known/oauth-protected-resource", about_mcp),
        Route("/authorize", Authorization(provider, base_url, consent).handle, methods=["GET", "POST"]),
        _endpoint("/token", Token(provider, authenticator)),
        _endpoint("/register", Registration(deps)),
        _endpoint("/revoke", Revocation(deps, authenticator)),
    ]


def server_metadata(base_url: str, *, documents_supported: bool) -> OAuthMetadata:
    """RFC 8414."""
    return OAuthMetadata.model_validate(
        {
            "issuer": base_url,
            "authorization_endpoint": f"{base_url}/authorize",
            "token_endpoint": f"{base_url}/token",
            "registration_endpoint": f"{base_url}/register",
            "revocation_endpoint": f"{base_url}/revoke",
            "scopes_supported": list(DEFAULT_SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": documents_supported,
        }
    )


def resource_metadata(base_url: str, resource: str) -> ProtectedResourceMetadata:
    """RFC 9728."""
    return ProtectedResourceMetadata.model_validate(
        {
            "resource": resource,
            "resource_name": "Speko",
            "authorization_servers": [base_url],
            "scopes_supported": list(DEFAULT_SCOPES),
            "bearer_methods_supported": ["header"],
        }
    )


def _document(path: str, handler: MetadataHandler | ProtectedResourceMetadataHandler) -> Route:
    return Route(path, cors_middleware(handler.handle, ["GET", "OPTIONS"]), methods=["GET", "OPTIONS"])


def _endpoint(path: str, handler: Token | Registration | Revocation) -> Route:
    app = RequestBodyLimitMiddleware(cors_middleware(handler.handle, ["POST", "OPTIONS"]), MAX_BODY_BYTES)
    return Route(path, app, methods=["POST", "OPTIONS"])
