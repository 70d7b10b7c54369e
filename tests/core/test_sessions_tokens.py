"""The bearer credentials of a session."""

import base64
import json
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speko_core.adapters.envelope import EnvelopeSecrets
from speko_core.sessions.tokens import SessionClaims, mint_media_token, mint_session_token, verify_session_token

SECRETS = EnvelopeSecrets(b"k" * 32)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIMS = SessionClaims("0194-session", "org_1", "test", NOW + timedelta(minutes=5))
# RFC 7230, section 3.2.6: what a WebSocket subprotocol may consist of.
TOKEN_CHARACTERS = set("!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters)


def test_a_minted_token_says_what_it_was_minted_for_until_it_expires() -> None:
    """SES-12"""
    token = mint_session_token(SECRETS, CLAIMS)
    assert verify_session_token(SECRETS, token, NOW) == CLAIMS
    assert verify_session_token(SECRETS, token, NOW + timedelta(minutes=5)) is None


def test_a_token_of_another_master_key_is_refused() -> None:
    """SES-12"""
    token = mint_session_token(EnvelopeSecrets(b"x" * 32), CLAIMS)
    assert verify_session_token(SECRETS, token, NOW) is None


@given(position=st.integers(0, 10_000), letter=st.sampled_from("aB3-_."))
def test_a_changed_token_never_says_something_else(position: int, letter: str) -> None:
    """SES-12"""
    token = mint_session_token(SECRETS, CLAIMS)
    place = position % len(token)
    changed = token[:place] + letter + token[place + 1 :]
    assert verify_session_token(SECRETS, changed, NOW) in (None, CLAIMS)
    assert changed == token or verify_session_token(SECRETS, changed, NOW) is None


@pytest.mark.parametrize("token", ["", "st_", "st_.", "st_a.b", "st_é.b", "sk_live_x", "st_" + "a" * 5000])
def test_anything_else_is_refused_without_an_error(token: str) -> None:
    """SES-12"""
    assert verify_session_token(SECRETS, token, NOW) is None


def test_a_signed_text_that_is_not_claims_is_refused() -> None:
    """SES-12: a signature made for the same purpose over other content opens nothing."""
    body = base64.urlsafe_b64encode(json.dumps({"s": 1}).encode()).rstrip(b"=")
    token = f"st_{body.decode()}.{SECRETS.sign(body, purpose='session-token')}"
    assert verify_session_token(SECRETS, token, NOW) is None


def test_media_tokens_fit_a_websocket_subprotocol_and_never_repeat() -> None:
    """SES-8"""
    tokens = {mint_media_token() for _ in range(500)}
    assert len(tokens) == 500
    assert set("".join(tokens)) <= TOKEN_CHARACTERS
