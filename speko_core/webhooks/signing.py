"""Standard Webhooks signatures (https://www.standardwebhooks.com): the three headers every request of ours carries.

The key of the signature is what a secret decodes to, not its letters: receivers use the stock libraries.
"""

import base64
import binascii
import os
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

PREFIX = "whsec_"
# Without padding characters in base64, and within the 24 to 64 bytes the specification recommends.
_GENERATED_BYTES = 24
_LEAST_BYTES = 16
_MOST_BYTES = 1024


def new_secret() -> str:
    """A fresh secret, as it is shown once: `whsec_` and 24 random bytes in base64."""
    return PREFIX + base64.b64encode(os.urandom(_GENERATED_BYTES)).decode()


def check_secret(secret: str) -> str:
    """The secret itself, `whsec_` or not, padded or not.

    Raises:
        ValueError: receivers could not decode it, or it is too short to keep anybody out; the text does not repeat it.
    """
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise ValueError(f"must be base64 of {_LEAST_BYTES} to {_MOST_BYTES} bytes, with or without {PREFIX}")
    return secret


def signed_headers(secrets: Sequence[str], message_id: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature`, one signature a secret.

    `message_id` is the receiver's idempotency key: the same for every attempt. `timestamp` is when this attempt is
    made; receivers refuse what is five minutes old. With several secrets, as while one replaces another, a receiver
    accepts if any signature matches.
    """
    text, moment = body.decode(), timestamp.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(timestamp.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, moment, text) for secret in secrets),
    }
