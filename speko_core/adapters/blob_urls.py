"""Signed URLs of files that the gateway serves itself, for stores that cannot sign.

A URL is `/v1/blobs/<grant>.<signature>`: the grant says what may be done with which file until when, the signature is
an HMAC under the master key. The gateway lets each grant be used once (`speko_gateway/streams/blobs.py`).
"""

import base64
import binascii
import json
import secrets as random
from dataclasses import asdict, dataclass
from typing import Literal

from speko_core.errors import Forbidden
from speko_core.ports.clock import Clock
from speko_core.ports.secrets import Secrets

Method = Literal["GET", "PUT"]
PATH = "/v1/blobs"
# Folder of the marks of URLs that were used; a mark outlives every URL.
USED_URLS = "used-urls"
_PURPOSE = "blob-url"
_NONCE_BYTES = 16


@dataclass(frozen=True)
class Grant:
    """One use of one file. `size_bytes` is what a PUT must send; `expires_at` is in seconds since the epoch."""

    method: Method
    key: str
    content_type: str
    size_bytes: int
    expires_at: int
    nonce: str


class GatewayUrls:
    """Mints and reads the gateway's signed URLs."""

    def __init__(self, base_url: str, secrets: Secrets, clock: Clock) -> None:
        self._base_url = base_url
        self._secrets = secrets
        self._clock = clock

    def mint(self, method: Method, key: str, content_type: str, size_bytes: int, expires_in_s: int) -> str:
        """An absolute URL for one use."""
        expires_at = int(self._clock.now().timestamp()) + expires_in_s
        grant = Grant(method, key, content_type, size_bytes, expires_at, random.token_hex(_NONCE_BYTES))
        payload = json.dumps(asdict(grant), separators=(",", ":")).encode()
        signature = self._secrets.sign(payload, purpose=_PURPOSE)
        encoded = base64.urlsafe_b64encode(payload).decode().rstrip("=")
        return f"{self._base_url}{PATH}/{encoded}.{signature}"

    def read(self, token: str, method: str) -> Grant:
        """The grant of a URL's last part.

        Raises:
            Forbidden: it was not signed here, is for another method, or has expired.
        """
        encoded, _, signature = token.partition(".")
        try:
            payload = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            payload = b""
        if not payload or not self._secrets.verify(payload, signature, purpose=_PURPOSE):
            raise Forbidden("This URL is not valid.", "URL_INVALID", hint="Ask for a new one.")
        grant = Grant(**json.loads(payload))
        if grant.method != method:
            raise Forbidden("This URL is for another method.", "URL_INVALID")
        if grant.expires_at <= self._clock.now().timestamp():
            raise Forbidden("This URL has expired.", "URL_EXPIRED", hint="Ask for a new one.")
        return grant
