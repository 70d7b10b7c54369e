"""How secrets of webhooks are sealed: bound to organization, row and use, so that they open nowhere else (ORG-8)."""

import json
import logging
from collections.abc import Mapping

from speko_core.ports.secrets import Secrets
from speko_core.webhooks.models import SigningSecret, WebhookEndpoint

logger = logging.getLogger(__name__)


def _binding(organization_id: str, row_id: str, use: str) -> str:
    return f"{organization_id}/{row_id}/{use}"


def seal_secret(secrets: Secrets, organization_id: str, row_id: str, secret: str) -> bytes:
    """A signing secret as it is stored."""
    return secrets.seal(secret.encode(), bound_to=_binding(organization_id, row_id, "signing"))


def seal_headers(secrets: Secrets, organization_id: str, row_id: str, headers: Mapping[str, str]) -> bytes:
    """Secret headers as they are stored."""
    return secrets.seal(json.dumps(dict(headers)).encode(), bound_to=_binding(organization_id, row_id, "headers"))


def open_secret(secrets: Secrets, row: SigningSecret | WebhookEndpoint, sealed: bytes) -> str | None:
    """The signing secret of a row; None when it was moved or changed, which is logged."""
    opened = _open(secrets, row, sealed, "signing")
    return opened.decode() if opened is not None else None


def open_headers(secrets: Secrets, row: WebhookEndpoint) -> dict[str, str]:
    """The secret headers of an endpoint; none when they were moved or changed, which is logged."""
    opened = _open(secrets, row, row.sealed_auth_headers, "headers") if row.sealed_auth_headers else None
    return {str(name): str(value) for name, value in json.loads(opened).items()} if opened is not None else {}


def _open(secrets: Secrets, row: SigningSecret | WebhookEndpoint, sealed: bytes, use: str) -> bytes | None:
    try:
        return secrets.open(sealed, bound_to=_binding(row.organization_id, row.id, use))
    except ValueError:
        logger.error("a secret of a webhook does not open", extra={"row_id": row.id, "use": use})
        return None
