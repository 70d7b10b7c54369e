"""Secrets under one master key: AES-GCM envelope, keyed digests, purpose-bound signatures.

Sealed layout: version byte | 12-byte nonce | wrapped data key (32 + 16) | 12-byte nonce | ciphertext + tag. The data
key is wrapped by a key derived from the master key, so rotation rewraps data keys and leaves bodies alone. The
associated data is the row a secret belongs to: a sealed value moved to another row does not open.
"""

import base64
import hashlib
import hmac
import os
from functools import cached_property
from typing import TYPE_CHECKING

from speko_core.late import LateModule

if TYPE_CHECKING:
    from cryptography import exceptions
    from cryptography.hazmat.primitives.ciphers import aead
else:
    # Megabytes that only an installation with stored secrets needs.
    exceptions = LateModule("cryptography.exceptions")
    aead = LateModule("cryptography.hazmat.primitives.ciphers.aead")

_VERSION = b"\x01"
_NONCE = 12
_WRAPPED = 32 + 16
MASTER_KEY_BYTES = 32


def derive(master_key: bytes, purpose: str) -> bytes:
    """Derive a 32-byte key for one purpose from the master key (HKDF-SHA256 without salt, RFC 5869: its only block)."""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), master_key, "sha256")
    return hmac.digest(extracted, f"speko/{purpose}".encode() + b"\x01", "sha256")


def fingerprint(master_key: bytes) -> str:
    """A stored mark that tells whether a database was written under this key, without revealing it."""
    return hashlib.sha256(derive(master_key, "fingerprint")).hexdigest()


def derive_worker_token(master_key: bytes) -> str:
    """The credential of worker processes that share the master key."""
    return "wk_" + base64.urlsafe_b64encode(derive(master_key, "worker-token")).decode().rstrip("=")


class EnvelopeSecrets:
    """The `Secrets` port over a master key of 32 bytes."""

    def __init__(self, master_key: bytes) -> None:
        self._wrapping_key = derive(master_key, "envelope")
        self._pepper = derive(master_key, "digest")
        self._signing = derive(master_key, "signature")
        self.worker_token = derive_worker_token(master_key)

    @cached_property
    def _wrapping(self) -> "aead.AESGCM":
        return aead.AESGCM(self._wrapping_key)

    def seal(self, plaintext: bytes, *, bound_to: str) -> bytes:
        """Encrypt under a fresh data key."""
        data_key, wrap_nonce, nonce = os.urandom(32), os.urandom(_NONCE), os.urandom(_NONCE)
        context = bound_to.encode()
        wrapped = self._wrapping.encrypt(wrap_nonce, data_key, context)
        return _VERSION + wrap_nonce + wrapped + nonce + aead.AESGCM(data_key).encrypt(nonce, plaintext, context)

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Decrypt; ValueError when the bytes, the row or the key differ."""
        if sealed[:1] != _VERSION:
            raise ValueError("unknown envelope version")
        wrap_nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        wrapped, nonce, body = rest[:_WRAPPED], rest[_WRAPPED : _WRAPPED + _NONCE], rest[_WRAPPED + _NONCE :]
        context = bound_to.encode()
        try:
            data_key = self._wrapping.decrypt(wrap_nonce, wrapped, context)
            return aead.AESGCM(data_key).decrypt(nonce, body, context)
        except exceptions.InvalidTag:
            raise ValueError("sealed value does not open here") from None

    def digest(self, value: str) -> str:
        """HMAC-SHA256 of a bearer credential, hex: fast, indexable, useless without the key."""
        return hmac.digest(self._pepper, value.encode(), "sha256").hex()

    def sign(self, payload: bytes, *, purpose: str) -> str:
        """A base64url HMAC-SHA256, without padding so that it may ride in a WebSocket subprotocol."""
        mac = hmac.digest(self._signing, purpose.encode() + b"\x00" + payload, "sha256")
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")

    def verify(self, payload: bytes, signature: str, *, purpose: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.sign(payload, purpose=purpose), signature)
