"""Signatures are what the stock library of the receivers verifies."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from speko_core.webhooks.signing import check_secret, new_secret, signed_headers

BODY = json.dumps({"name": "Lúna"}, ensure_ascii=False).encode()
HEX = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "secret", [new_secret(), HEX, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], ids=["made", "hex", "base64"]
)
def test_the_stock_library_verifies_what_was_signed(secret: str) -> None:
    """AGT-3: generated secrets and those of callers alike."""
    headers = signed_headers([secret], "msg_1", datetime.now(UTC), BODY)
    assert Webhook(secret).verify(BODY, headers) == {"name": "Lúna"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    """ORG-6: two signatures during the overlap, separated as the standard says."""
    old, new = new_secret(), new_secret()
    headers = signed_headers([new, old], "msg_1", datetime.now(UTC), BODY)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers)


def test_the_time_of_an_attempt_is_signed_whatever_its_zone() -> None:
    """AGT-3: old requests are refused by the stock library, so the moment must be right."""
    secret, zone = new_secret(), timezone(timedelta(hours=5))
    assert Webhook(secret).verify(BODY, signed_headers([secret], "m", datetime.now(zone), BODY))
    stale = signed_headers([secret], "m", datetime.now(UTC) - timedelta(minutes=6), BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, stale)


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64!", "YWJj", "a" * 15, "ä" * 32, "A" * 21, "A" * 2000])
def test_a_secret_that_receivers_could_not_use_is_refused_without_repeating_it(secret: str) -> None:
    """AGT-3: not decodable, or too short."""
    with pytest.raises(ValueError, match="must be base64") as refused:
        check_secret(secret)
    key = secret.removeprefix("whsec_")
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize("length", [16, 17, 18, 24, 32, 64])
def test_a_usable_secret_is_taken_as_it_is(length: int) -> None:
    """AGT-3: padded, unpadded, with and without the prefix."""
    padded = base64.b64encode(bytes(length)).decode()
    for secret in (padded, padded.rstrip("="), "whsec_" + padded):
        assert check_secret(secret) == secret
        signed_headers([secret], "m", datetime.now(UTC), BODY)
