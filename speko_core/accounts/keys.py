"""API keys as strings: `sk_live_` or `sk_test_` + 33 random base62 characters + 6 of checksum.

192 bits of randomness; the checksum (CRC-32, base62) rejects typos and made-up keys without the database.
"""

import secrets
import string
import zlib
from typing import Literal, cast

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM = 33
_CHECK = 6
DISPLAY_CHARACTERS = 12


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, remainder = divmod(number, 62)
        digits.append(_ALPHABET[remainder])
    return "".join(reversed(digits))


def mint(mode: Literal["live", "test"]) -> str:
    """A fresh key; the only moment it exists in the clear."""
    body = f"sk_{mode}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return body + _base62(zlib.crc32(body.encode()), _CHECK)


def well_formed(key: str) -> bool:
    """True when prefix, length and checksum fit; says nothing about existence."""
    if not key.startswith(("sk_live_", "sk_test_")) or len(key) != len("sk_live_") + _RANDOM + _CHECK:
        return False
    return key[-_CHECK:] == _base62(zlib.crc32(key[:-_CHECK].encode()), _CHECK)


def mode_of(key: str) -> Literal["live", "test"]:
    """The mode named in the prefix."""
    return cast(Literal["live", "test"], key.split("_")[1])


def display_prefix(key: str) -> str:
    """What may be shown after creation."""
    return key[:DISPLAY_CHARACTERS]
