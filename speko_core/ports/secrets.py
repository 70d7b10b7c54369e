"""Sealing, signing and digesting under the installation's master key."""

from typing import Protocol


class Secrets(Protocol):
    """Cryptography the core asks for; keys never leave the implementation."""

    def seal(self, plaintext: bytes, *, bound_to: str) -> bytes:
        """Encrypt for storage. `bound_to` (organization/row) must be the same when opening."""
        ...

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Decrypt.

        Raises:
            ValueError: the bytes were changed, moved to another row, or sealed under another key.
        """
        ...

    def digest(self, value: str) -> str:
        """A keyed digest (HMAC-SHA256, hex) to store and look up bearer credentials by."""
        ...

    def sign(self, payload: bytes, *, purpose: str) -> str:
        """A URL-safe signature of `payload`, valid for one purpose only."""
        ...

    def verify(self, payload: bytes, signature: str, *, purpose: str) -> bool:
        """True when `signature` was made by `sign` with the same payload and purpose."""
        ...
