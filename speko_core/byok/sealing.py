"""How a provider key is sealed: bound to its organization and row, so that it opens nowhere else (ORG-8)."""

import logging

from speko_core.byok.models import ProviderKey
from speko_core.ports.secrets import Secrets

log = logging.getLogger("speko.byok")


def _binding(organization_id: str, row_id: str) -> str:
    return f"{organization_id}/{row_id}"


def seal(secrets: Secrets, organization_id: str, row_id: str, api_key: str) -> bytes:
    """The bytes to store."""
    return secrets.seal(api_key.encode(), bound_to=_binding(organization_id, row_id))


def open_key(secrets: Secrets, row: ProviderKey) -> str | None:
    """The key in the clear, for a call; None when it was moved or changed, which is logged."""
    try:
        return secrets.open(row.sealed, bound_to=_binding(row.organization_id, row.id)).decode()
    except ValueError:
        log.error("a provider key does not open", extra={"provider": row.provider, "row_id": row.id})
        return None
